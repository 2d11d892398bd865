/** @file Loss of a batch and its gradient with respect to the routers. */
import { throwIfCancelled } from '../common/cancellation';
import type { HostTensor } from '../engine/session';
import type { LossTargets } from './head-sessions';
import type { Feeds } from './layer-sessions';
import { type RouterAdapter, routerFeeds } from './layers/router';
import type { Model, PassOptions, Routers } from './model';
import type { PackedBatch } from './packed-batch';

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
  targets: LossTargets,
  options: RouterGradientOptions = {},
): Promise<RouterGradients> {
  const { adapter, signal, lossDivisor = targets.rows.length } = options;
  const shared = model.batchFeeds(batch);
  const layers = model.architecture.layers.length;
  const [firstRouter] = model.moeLayers;
  const passed: Feeds[] = [];
  let hidden = await model.embed(batch);
  for (let index = 0; index < layers; index++) {
    await throwIfCancelled(signal);
    const feeds: Feeds = { ...shared, ...trainingFeeds(model, index, options), hidden };
    if (index < firstRouter) {
      hidden = (await model.layer(index).forward(feeds, { attention: false })).output;
      continue;
    }
    const { output, saved } = await model.layer(index, adapter).forwardForTraining(feeds);
    passed[index] = { ...feeds, ...saved };
    hidden = output;
  }

  const { negativeLogLikelihoods, gradient } = await model.head.lossAndGradient(
    hidden,
    targets,
    1 / lossDivisor,
  );
  const found = new Map<number, Readonly<Record<string, HostTensor>>>();
  let flowing: HostTensor | undefined = gradient;
  for (let index = layers - 1; index >= firstRouter && flowing; index--) {
    await throwIfCancelled(signal);
    const feeds = passed[index];
    // Saved values are large: let go of them as soon as they were read.
    passed.length = index;
    const backward = await model
      .layer(index, adapter)
      .backward(feeds, flowing, { towardsInput: index > firstRouter });
    if (model.moeLayers.includes(index)) found.set(index, backward.router);
    flowing = backward.input;
  }
  return {
    loss: negativeLogLikelihoods.reduce((sum, value) => sum + value, 0) / lossDivisor,
    gradients: found,
  };
}

function trainingFeeds(
  model: Model,
  layer: number,
  options: RouterGradientOptions,
): Record<string, HostTensor> {
  const dropped = options.dropout?.get(layer);
  return { ...model.routerFeeds(layer, options), ...(dropped ? { [routerFeeds.dropout]: dropped } : {}) };
}
