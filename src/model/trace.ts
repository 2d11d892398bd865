/** @file Everything that a forward pass shows: routing, attention, hidden states, logits. */
import type { HostTensor } from '../engine/session';
import type { LayerRouting } from './layer-sessions';
import type { Model } from './model';
import { type PackedBatch, rowStarts } from './packed-batch';
import type { ForwardOptions } from './pass-options';

export interface LayerTrace {
  /** [tokens, experts] */
  readonly routerLogits: Float32Array;
  /** [tokens, top-k], descending logit */
  readonly topkIndices: Int32Array;
  /** [tokens, top-k] */
  readonly topkWeights: Float32Array;
}

export interface Trace {
  readonly batch: PackedBatch;
  /** By layer index; MoE layers only. */
  readonly moe: ReadonlyMap<number, LayerTrace>;
  /** By layer: [samples, heads, length, length]. Padded positions are meaningless. */
  readonly attention: readonly HostTensor[];
  /** [tokens, hidden]: input of the first layer, then the residual stream after each. */
  readonly hidden: readonly HostTensor[];
  /** [tokens, hidden] */
  readonly finalNorm?: HostTensor;
  /** [tokens, vocabulary] */
  readonly logits?: HostTensor;
}

export interface TraceOptions extends Omit<ForwardOptions, 'onLayer'> {
  readonly hidden?: boolean;
  readonly logits?: boolean;
}

/** Runs a batch and keeps what is asked for; routing always. */
export async function traceBatch(
  model: Model,
  batch: PackedBatch,
  options: TraceOptions = {},
): Promise<Trace> {
  const moe = new Map<number, LayerTrace>();
  const attention: HostTensor[] = [];
  const hidden: HostTensor[] = options.hidden ? [await model.embed(batch)] : [];
  const last = await model.forward(batch, {
    ...options,
    onLayer: (layer, result) => {
      if (result.routing) moe.set(layer, layerTrace(result.routing));
      if (result.attention) attention.push(result.attention);
      if (options.hidden) hidden.push(result.output);
    },
  });
  return {
    batch,
    moe,
    attention,
    hidden,
    ...(options.hidden ? { finalNorm: await model.head.normalised(last) } : {}),
    ...(options.logits ? { logits: await model.head.logits(last) } : {}),
  };
}

export function layerTrace({ logits, indices, weights }: LayerRouting): LayerTrace {
  return {
    routerLogits: logits.data as Float32Array,
    topkIndices: Int32Array.from(indices.data as BigInt64Array, Number),
    topkWeights: weights.data as Float32Array,
  };
}

/** Attention from one token of row `row`: [length of the row], mean over heads. */
export function attentionFrom(
  attention: HostTensor,
  batch: PackedBatch,
  row: number,
  token: number,
): Float32Array {
  const [, heads, rows, columns] = attention.shape;
  const length = batch.lengths[row];
  const mean = new Float32Array(length);
  const data = attention.data as Float32Array;
  for (let h = 0; h < heads; h++) {
    const start = ((row * heads + h) * rows + token) * columns;
    for (let key = 0; key < length; key++) mean[key] += data[start + key] / heads;
  }
  return mean;
}

/** Packed positions of row `row`. */
export function rowRange(batch: PackedBatch, row: number): { start: number; end: number } {
  const start = rowStarts(batch)[row];
  return { start, end: start + batch.lengths[row] };
}
