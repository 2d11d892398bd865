/** @file Loss of a batch and its gradient with respect to the routers. */
import { throwIfCancelled } from '../common/cancellation';
import type { HostTensor } from '../engine/session';
import type { LossTargets } from './head-sessions';
import type { Feeds, LayerSessions } from './layer-sessions';
import { type RouterAdapter, routerFeeds } from './layers/router';
import type { Model, PassOptions, Routers } from './model';
import { batchLengths, type PackedBatch, selectRows } from './packed-batch';

export interface RouterGradients {
  /** Mean −log p of the targets, nats, with the routers as they were. */
  readonly loss: number;
  /** For each MoE layer the gradient of each trainable tensor, by the name of its feed. */
  readonly gradients: Routers;
}

export interface RouterGradientOptions extends PassOptions {
  readonly adapter?: RouterAdapter;
  /** Factors on the adapters' inputs, by layer: [tokens, hidden]. */
  readonly dropout?: ReadonlyMap<number, HostTensor>;
  /** Divides the summed loss; default: the number of targets (mean over the batch). */
  readonly lossDivisor?: number;
}

/**
 * One forward and one backward pass. The backward pass stops at the first router: nothing below it trains.
 * Cancellable between layers.
 */
export async function routerGradients(
  model: Model,
  batch: PackedBatch,
  { rows, targets }: LossTargets,
  options: RouterGradientOptions = {},
): Promise<RouterGradients> {
  const { signal, lossDivisor = targets.length } = options;
  const passes = layerPasses(model, batch, rows, options);
  const [firstRouter] = model.moeLayers;
  let hidden = await model.embed(batch);
  for (const [index, pass] of passes.entries()) {
    await throwIfCancelled(signal);
    hidden = await passForward(pass, hidden, index >= firstRouter);
  }

  const { negativeLogLikelihoods, gradient } = await model.head.lossAndGradient(
    hidden,
    targets,
    1 / lossDivisor,
  );
  const found = new Map<number, Readonly<Record<string, HostTensor>>>();
  let flowing: HostTensor | undefined = gradient;
  for (let index = passes.length - 1; index >= firstRouter && flowing; index--) {
    await throwIfCancelled(signal);
    const { layer, feeds, saved } = passes[index];
    // Saved values are large: let go of them as soon as they were read.
    passes.length = index;
    const backward = await layer.backward(feeds, saved, flowing, { towardsInput: index > firstRouter });
    if (model.moeLayers.includes(index)) found.set(index, backward.router);
    flowing = backward.input;
  }
  return {
    loss: negativeLogLikelihoods.reduce((sum, value) => sum + value, 0) / lossDivisor,
    gradients: found,
  };
}

/** A layer on its way through a batch, and what its backward pass will read. */
interface LayerPass {
  readonly layer: LayerSessions;
  /** Whether the memory allows to save what the backward pass would compute again. */
  readonly saves: boolean;
  feeds: Feeds;
  saved?: Feeds;
}

/** Of the last layer only the rows that the loss reads go on after its attention. */
function layerPasses(
  model: Model,
  batch: PackedBatch,
  rows: readonly number[],
  options: RouterGradientOptions,
): LayerPass[] {
  const { adapter } = options;
  const last = model.architecture.layers.length - 1;
  const shared = model.batchFeeds(batch);
  let room = model.plan.savedValuesBytes;
  return model.architecture.layers.map((_, index) => {
    const selectsRows = index === last;
    const layer = model.layer(index, { ...(adapter ? { adapter } : {}), selectsRows });
    const feeds = {
      ...shared,
      ...(selectsRows ? model.rowFeeds(batch, rows) : {}),
      ...trainingFeeds(model, index, options, selectsRows ? rows : undefined),
    };
    const bytes = layer.savedBytes(batchLengths(batch, selectsRows ? rows : undefined));
    const saves = bytes <= room;
    if (saves) room -= bytes;
    return { layer, saves, feeds };
  });
}

async function passForward(pass: LayerPass, hidden: HostTensor, trains: boolean): Promise<HostTensor> {
  pass.feeds = { ...pass.feeds, hidden };
  if (!trains || !pass.saves) return (await pass.layer.forward(pass.feeds, { attention: false })).output;
  const { output, saved } = await pass.layer.forwardForTraining(pass.feeds);
  pass.saved = saved;
  return output;
}

function trainingFeeds(
  model: Model,
  layer: number,
  options: RouterGradientOptions,
  rows: readonly number[] | undefined,
): Record<string, HostTensor> {
  const dropped = options.dropout?.get(layer);
  return {
    ...model.routerFeeds(layer, options),
    ...(dropped ? { [routerFeeds.dropout]: rows ? selectRows(dropped, rows) : dropped } : {}),
  };
}
