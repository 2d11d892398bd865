/** @file `trace.safetensors`: names, shapes, types and padding of the golden oracle files, so that they compare key by key. */
import type { HostTensor } from '../engine/session';
import { type TensorToWrite, writeSafetensors } from '../model/checkpoint/safetensors-writer';
import type { PackedBatch } from '../model/packed-batch';
import type { Trace } from '../model/trace';

export interface TraceFileOptions {
  /** Fills rows up on the right; what else belongs to padding is 0, or −1 for experts. */
  readonly padId: number;
  /** Tokens of each row before the first generated one; undefined: nothing was generated. */
  readonly promptLengths?: readonly number[];
}

export function writeTraceFile(file: string, trace: Trace, options: TraceFileOptions): void {
  writeSafetensors(file, traceTensors(trace, options));
}

function traceTensors(trace: Trace, { padId, promptLengths }: TraceFileOptions): TensorToWrite[] {
  const { batch } = trace;
  const rows = batch.lengths.length;
  const longest = Math.max(...batch.lengths);
  const inRows = [rows, longest];
  const flat = [rows * longest];
  const tensors: TensorToWrite[] = [
    integers('input_ids', inRows, padRows(batch.inputIds, batch, 1, padId)),
    integers('lengths', [rows], batch.lengths),
    ...(promptLengths ? [integers('prompt_lengths', [rows], promptLengths)] : []),
  ];
  const floats = (
    name: string,
    leading: number[],
    { data, shape }: Pick<HostTensor, 'data' | 'shape'>,
  ): void => {
    const width = shape[shape.length - 1];
    const padded = padRows(data as Float32Array, batch, width, 0);
    tensors.push({ name, dtype: 'F32', shape: [...leading, width], data: Float32Array.from(padded) });
  };
  for (const [layer, { routerLogits, topkIndices, topkWeights }] of trace.moe) {
    const topK = topkIndices.length / batch.inputIds.length;
    const experts = routerLogits.length / batch.inputIds.length;
    floats(`router_logits.${layer}`, flat, { data: routerLogits, shape: [experts] });
    floats(`topk_weights.${layer}`, flat, { data: topkWeights, shape: [topK] });
    tensors.push(integers(`topk_indices.${layer}`, [...flat, topK], padRows(topkIndices, batch, topK, -1)));
  }
  trace.hidden.forEach((hidden, index) => floats(`hidden.${index}`, inRows, hidden));
  if (trace.finalNorm) floats('final_norm', inRows, trace.finalNorm);
  if (trace.logits) floats('logits', inRows, trace.logits);
  trace.attention.forEach((attention, layer) =>
    tensors.push({
      name: `attn.${layer}`,
      dtype: 'F32',
      shape: attention.shape,
      data: realQueries(attention, batch),
    }),
  );
  return tensors;
}

function integers(name: string, shape: readonly number[], values: ArrayLike<number>): TensorToWrite {
  return { name, dtype: 'I64', shape, data: BigInt64Array.from(Array.from(values, BigInt)) };
}

/** Packed rows [tokens, width] → padded [samples × longest, width]. */
function padRows(
  packed: ArrayLike<number>,
  { lengths }: PackedBatch,
  width: number,
  padding: number,
): Float64Array {
  const longest = Math.max(...lengths);
  const padded = new Float64Array(lengths.length * longest * width).fill(padding);
  let next = 0;
  lengths.forEach((length, row) => {
    for (let i = 0; i < length * width; i++) padded[row * longest * width + i] = packed[next++];
  });
  return padded;
}

/** Attention [samples, heads, longest, longest] with the rows of padded queries set to 0. */
function realQueries(
  { data, shape: [, heads, longest] }: HostTensor,
  { lengths }: PackedBatch,
): Float32Array {
  const cleaned = Float32Array.from(data as Float32Array);
  lengths.forEach((length, row) => {
    for (let h = 0; h < heads; h++) {
      const start = (row * heads + h) * longest;
      cleaned.fill(0, (start + length) * longest, (start + longest) * longest);
    }
  });
  return cleaned;
}
