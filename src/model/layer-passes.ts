/** @file The layers on their way through a training batch: forward, and back. */
import type { HostTensor } from '../engine/session';
import type {
  GradientTargets,
  LayerBackward,
  LayerRouting,
  LayerSessions,
  OutputGradients,
} from './layer-sessions';
import { dropoutSeedFeed } from './layers/weights';
import { roomBeside } from './memory-estimate';
import type { Model } from './model';
import { batchLengths, hostIndices, type PackedBatch } from './packed-batch';
import type { PassOptions } from './pass-options';
import { tunedBytes } from './tuned-weights';

export interface LayerPassOptions extends PassOptions {
  /** Which elements low-rank additions drop: 0 to 2³⁰ − 1. */
  readonly dropoutSeed?: number;
}

/** A layer, what it was fed, and what its backward pass will read. */
export class LayerPass {
  private feeds: Readonly<Record<string, HostTensor>>;
  private saved: Readonly<Record<string, HostTensor>> | undefined;

  constructor(
    private readonly layer: LayerSessions,
    feeds: Readonly<Record<string, HostTensor>>,
    /** Bytes of what is saved for the backward pass; 0: it computes that again, for want of memory. */
    readonly savedBytes: number,
  ) {
    this.feeds = feeds;
  }

  async forward(hidden: HostTensor): Promise<{ output: HostTensor; routing?: LayerRouting }> {
    this.feeds = { ...this.feeds, hidden };
    if (this.savedBytes === 0) return this.layer.forward(this.feeds, { attention: false });
    const { saved, ...result } = await this.layer.forwardForTraining(this.feeds);
    this.saved = saved;
    return result;
  }

  backward(gradients: OutputGradients, wanted: GradientTargets): Promise<LayerBackward> {
    return this.layer.backward(this.feeds, this.saved, gradients, wanted);
  }
}

/**
 * A pass for each layer.
 * @param rows the rows that the loss reads: of the last layer only they go on after its attention; default: all
 * @param first the lowest layer that the backward pass reaches
 */
export function layerPasses(
  model: Model,
  batch: PackedBatch,
  { rows, scored, first }: { rows: readonly number[] | undefined; scored: number; first: number },
  options: LayerPassOptions,
): LayerPass[] {
  const last = model.architecture.layers.length - 1;
  const shared = model.batchFeeds(batch);
  const lengths = batchLengths(batch);
  // What the budget leaves beside the work itself; and a layer's values are twice in memory for a moment.
  const work = { batch: lengths, scored, trains: true, tunedBytes: tunedBytes(model.tuned) };
  let room = roomBeside(model, work);
  return model.architecture.layers.map((_, index) => {
    const chosen = index === last ? rows : undefined;
    const layer = model.layer(index, { selectsRows: chosen !== undefined });
    const feeds = {
      ...shared,
      ...(chosen ? model.rowFeeds(batch, chosen) : {}),
      ...model.layerFeeds(index, options),
      ...dropoutFeed(options.dropoutSeed, index),
    };
    const bytes = layer.savedBytes(chosen ? batchLengths(batch, chosen) : lengths);
    const saves = index >= first && 2 * bytes <= room;
    if (saves) room -= bytes;
    return new LayerPass(layer, feeds, saves ? bytes : 0);
  });
}

/** Layers drop other elements: a seed of each, far from those of the additions within a layer. */
export function dropoutFeed(seed: number | undefined, layer: number): Record<string, HostTensor> {
  return { [dropoutSeedFeed]: hostIndices([((seed ?? 0) + layer * 7_368_787) % 2 ** 30]) };
}
