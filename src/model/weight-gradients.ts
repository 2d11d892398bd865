/** @file Loss of a batch and its gradient with respect to the weights that a model is fed. */
import { throwIfCancelled } from '../common/cancellation';
import { collectGarbage } from '../common/collect-garbage';
import type { HostTensor } from '../engine/session';
import type { LossTargets } from './head-sessions';
import type { Feeds, LayerSessions } from './layer-sessions';
import { dropoutSeedFeed } from './layers/weights';
import { roomBeside } from './memory-estimate';
import type { Model, PassOptions } from './model';
import { batchLengths, hostIndices, type PackedBatch } from './packed-batch';
import { ownName } from './weight-names';

/** From here on it pays to free saved values before the next step saves its own. */
const collectedBytes = 64e6;

export interface WeightGradients {
  /** Mean −log p of the targets, nats, with the weights as they were. */
  readonly loss: number;
  /** The gradient of each of the model's tuned weights, by canonical name; [out, in] or [length], row-major. */
  readonly gradients: Map<string, Float32Array>;
}

export interface WeightGradientOptions extends PassOptions {
  /** Which elements low-rank additions drop: 0 to 2³⁰ − 1. */
  readonly dropoutSeed?: number;
  /** Divides the summed loss; default: the number of targets (mean over the batch). */
  readonly lossDivisor?: number;
}

/**
 * One forward and one backward pass of a model with weights of its own ({@link Model.withWeights}): their gradients,
 * and nothing else's. The backward pass stops at the lowest of them. Cancellable between layers.
 */
export async function weightGradients(
  model: Model,
  batch: PackedBatch,
  { rows, targets }: LossTargets,
  options: WeightGradientOptions = {},
): Promise<WeightGradients> {
  const { signal, lossDivisor = targets.length } = options;
  const trainsEmbedding = model.tuned.tensors.has(ownName(model.architecture.embedding));
  const first = trainsEmbedding ? 0 : lowestTunedLayer(model);
  const passes = layerPasses(model, batch, rows, first, options);
  const saved = passes.reduce((sum, { savedBytes }) => sum + savedBytes, 0);
  let hidden = await model.embed(batch);
  for (const pass of passes) {
    await throwIfCancelled(signal);
    hidden = await passForward(pass, hidden);
  }

  const ofHead = await model.head.lossAndGradient(hidden, targets, 1 / lossDivisor, {
    towardsHidden: first < passes.length,
  });
  const gradients = new Map<string, Float32Array>();
  add(gradients, '', ofHead.weights);
  let flowing = ofHead.hidden;
  for (let index = passes.length - 1; index >= first && flowing; index--) {
    await throwIfCancelled(signal);
    const { layer, feeds, saved: values } = passes[index];
    // Saved values are large: let go of them as soon as they were read.
    passes.length = index;
    const { weights, input } = await layer.backward(feeds, values, flowing, {
      weights: model.tunedNames(index),
      input: trainsEmbedding || index > first,
    });
    add(gradients, `layers.${index}.`, weights);
    flowing = input;
  }
  if (saved > collectedBytes) collectGarbage();
  if (trainsEmbedding && flowing) addEmbeddingGradient(gradients, model, batch, flowing);
  return {
    loss: ofHead.negativeLogLikelihoods.reduce((sum, value) => sum + value, 0) / lossDivisor,
    gradients,
  };
}

/** The number of layers if none is tuned. */
function lowestTunedLayer(model: Model): number {
  const layers = model.architecture.layers.length;
  for (let layer = 0; layer < layers; layer++) if (model.tunedNames(layer).length > 0) return layer;
  return layers;
}

function add(
  gradients: Map<string, Float32Array>,
  prefix: string,
  found: Readonly<Record<string, HostTensor>>,
): void {
  for (const [name, { data }] of Object.entries(found)) gradients.set(prefix + name, data as Float32Array);
}

/** Each token's gradient belongs to the row that it was looked up in; the head has added its own where it is tied. */
function addEmbeddingGradient(
  gradients: Map<string, Float32Array>,
  { architecture }: Model,
  { inputIds }: PackedBatch,
  { data }: HostTensor,
): void {
  const { embedding, embeddingScale, hiddenSize, vocabularySize } = architecture;
  const name = ownName(embedding);
  const sums = gradients.get(name) ?? new Float32Array(vocabularySize * hiddenSize);
  const values = data as Float32Array;
  inputIds.forEach((id, token) => {
    for (let i = 0; i < hiddenSize; i++)
      sums[id * hiddenSize + i] += embeddingScale * values[token * hiddenSize + i];
  });
  gradients.set(name, sums);
}

/** A layer on its way through a batch, and what its backward pass will read. */
interface LayerPass {
  readonly layer: LayerSessions;
  /** Bytes of what is saved for the backward pass; 0: it computes that again, for want of memory. */
  readonly savedBytes: number;
  feeds: Feeds;
  saved?: Feeds;
}

/**
 * Of the last layer only the rows that the loss reads go on after its attention.
 * @param first the lowest layer that the backward pass reaches
 */
function layerPasses(
  model: Model,
  batch: PackedBatch,
  rows: readonly number[],
  first: number,
  options: WeightGradientOptions,
): LayerPass[] {
  const last = model.architecture.layers.length - 1;
  const shared = model.batchFeeds(batch);
  const lengths = batchLengths(batch);
  // What the budget leaves beside the work itself; and a layer's values are twice in memory for a moment.
  let room = roomBeside(model, { batch: lengths, scored: rows.length, trains: true });
  return model.architecture.layers.map((_, index) => {
    const selectsRows = index === last;
    const layer = model.layer(index, { selectsRows });
    const feeds = {
      ...shared,
      ...(selectsRows ? model.rowFeeds(batch, rows) : {}),
      ...model.layerFeeds(index, options),
      [dropoutSeedFeed]: hostIndices([dropoutSeedOfLayer(options.dropoutSeed ?? 0, index)]),
    };
    const bytes = layer.savedBytes(selectsRows ? batchLengths(batch, rows) : lengths);
    const saves = index >= first && 2 * bytes <= room;
    if (saves) room -= bytes;
    return { layer, savedBytes: saves ? bytes : 0, feeds };
  });
}

/** Layers drop other elements: a seed of each, far from those of the additions within a layer. */
function dropoutSeedOfLayer(seed: number, layer: number): number {
  return (seed + layer * 7_368_787) % 2 ** 30;
}

async function passForward(pass: LayerPass, hidden: HostTensor): Promise<HostTensor> {
  pass.feeds = { ...pass.feeds, hidden };
  if (pass.savedBytes === 0) return (await pass.layer.forward(pass.feeds, { attention: false })).output;
  const { output, saved } = await pass.layer.forwardForTraining(pass.feeds);
  pass.saved = saved;
  return output;
}
