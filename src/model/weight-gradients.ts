/** @file Loss of a batch and its gradient with respect to the weights that a model is fed. */
import { throwIfCancelled } from '../common/cancellation';
import { collectGarbage } from '../common/collect-garbage';
import type { HostTensor } from '../engine/session';
import { type LossTargets, targetFeeds } from './head-sessions';
import { dropoutFeed, layerPasses, type LayerPassOptions } from './layer-passes';
import type { LayerRouting } from './layer-sessions';
import { savesEverything } from './memory-estimate';
import type { Model } from './model';
import { batchLengths, type PackedBatch } from './packed-batch';
import { tunedBytes } from './tuned-weights';
import { ownName } from './weight-names';
import { balanceFeed, layerPrefix } from './whole-model-step';

/** From here on it pays to free saved values before the next step saves its own. */
const collectedBytes = 64e6;

export interface WeightGradients {
  /** Mean −log p of the targets, nats, with the weights as they were. */
  readonly loss: number;
  /** The load-balancing loss (`layers/load-balancing.ts`), without its factor; only if asked for. */
  readonly loadBalancingLoss?: number;
  /** The gradient of each of the model's tuned weights, by canonical name; [out, in] or [length], row-major. */
  readonly gradients: Map<string, Float32Array>;
}

export interface WeightGradientOptions extends LayerPassOptions {
  /** Divides the summed loss; default: the number of targets (mean over the batch). */
  readonly lossDivisor?: number;
  /** Factor of the load-balancing loss in the loss whose gradients are given; default: 0. */
  readonly loadBalancing?: number;
}

/**
 * One forward and one backward pass of a model with weights of its own ({@link Model.withWeights}): their gradients,
 * and nothing else's. The backward pass stops at the lowest of them. Cancellable between layers, or before the pass where
 * all fits in memory at once.
 */
export async function weightGradients(
  model: Model,
  batch: PackedBatch,
  targets: LossTargets,
  options: WeightGradientOptions = {},
): Promise<WeightGradients> {
  await throwIfCancelled(options.signal);
  const lengths = batchLengths(batch);
  const kept = { tunedBytes: tunedBytes(model.tuned) };
  return savesEverything(model, { batch: lengths, scored: targets.rows.length, trains: true, ...kept })
    ? ofWholeModel(model, batch, targets, options)
    : layerByLayer(model, batch, targets, options);
}

async function ofWholeModel(
  model: Model,
  batch: PackedBatch,
  targets: LossTargets,
  options: WeightGradientOptions,
): Promise<WeightGradients> {
  const { lossDivisor = targets.rows.length, loadBalancing: factor = 0 } = options;
  const { architecture, tuned } = model;
  const embedding = ownName(architecture.embedding);
  const towardsInput = tuned.tensors.has(embedding);
  const isTied = embedding === ownName(architecture.head);
  const trained = [...tuned.tensors.keys()].filter(name => name !== embedding || isTied);
  const step = model.wholeStep({ trained, towardsInput, balanced: factor !== 0 });
  const result = await step.run({
    ...model.batchFeeds(batch),
    ...model.rowFeeds(batch, targets.rows),
    ...targetFeeds(targets, 1 / lossDivisor),
    ...Object.fromEntries(tuned.tensors),
    ...Object.fromEntries(architecture.layers.flatMap((_, index) => layerFeeds(model, index, options))),
    [balanceFeed]: { data: Float32Array.of(factor), shape: [1] },
    hidden: await model.embed(batch),
  });
  const gradients = new Map<string, Float32Array>();
  add(gradients, '', Object.fromEntries(result.gradients));
  if (result.input) addEmbeddingGradient(gradients, model, batch, result.input);
  return {
    loss: weightedSum(result.negativeLogLikelihoods, targets) / lossDivisor,
    ...(result.loadBalancingLoss === undefined ? {} : { loadBalancingLoss: result.loadBalancingLoss }),
    gradients,
  };
}

/** What a layer alone is fed, under the names that it has in the graph of the whole model. */
function layerFeeds(model: Model, index: number, options: WeightGradientOptions): [string, HostTensor][] {
  const feeds = { ...model.layerFeeds(index, options), ...dropoutFeed(options.dropoutSeed, index) };
  return Object.entries(feeds).map(([name, value]) => [layerPrefix(index) + name, value]);
}

async function layerByLayer(
  model: Model,
  batch: PackedBatch,
  targets: LossTargets,
  options: WeightGradientOptions,
): Promise<WeightGradients> {
  const { rows } = targets;
  const { signal, lossDivisor = rows.length, loadBalancing: factor = 0 } = options;
  const trainsEmbedding = model.tuned.tensors.has(ownName(model.architecture.embedding));
  const first = trainsEmbedding ? 0 : lowestTunedLayer(model);
  // All tokens count for the balance, also in the last layer.
  const selected = factor === 0 ? rows : undefined;
  const passes = layerPasses(model, batch, { rows: selected, scored: rows.length, first }, options);
  const saved = passes.reduce((sum, { savedBytes }) => sum + savedBytes, 0);
  let hidden = await model.embed(batch);
  const routings = new Map<number, LayerRouting>();
  for (const [index, pass] of passes.entries()) {
    await throwIfCancelled(signal);
    const { output, routing } = await pass.forward(hidden);
    if (routing) routings.set(index, routing);
    hidden = output;
  }
  const balance = factor === 0 ? undefined : await model.loadBalancing.run(routings, factor);

  const ofHead = await model.head.lossAndGradient(hidden, targets, 1 / lossDivisor, {
    towardsHidden: first < passes.length,
    ...(selected ? {} : { rows }),
  });
  const gradients = new Map<string, Float32Array>();
  add(gradients, '', ofHead.weights);
  let flowing = ofHead.hidden;
  for (let index = passes.length - 1; index >= first && flowing; index--) {
    await throwIfCancelled(signal);
    const pass = passes[index];
    // Saved values are large: let go of them as soon as they were read.
    passes.length = index;
    const routerLogits = balance?.gradients.get(index);
    const { weights, input } = await pass.backward(
      { output: flowing, ...(routerLogits ? { routerLogits } : {}) },
      { weights: model.tunedNames(index), input: trainsEmbedding || index > first },
    );
    add(gradients, layerPrefix(index), weights);
    flowing = input;
  }
  if (saved > collectedBytes) collectGarbage();
  if (trainsEmbedding && flowing) addEmbeddingGradient(gradients, model, batch, flowing);
  return {
    loss: weightedSum(ofHead.negativeLogLikelihoods, targets) / lossDivisor,
    ...(balance ? { loadBalancingLoss: balance.loss } : {}),
    gradients,
  };
}

function weightedSum(losses: Float32Array, { weights }: LossTargets): number {
  return losses.reduce((sum, loss, i) => sum + (weights?.[i] ?? 1) * loss, 0);
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
