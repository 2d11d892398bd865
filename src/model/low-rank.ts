/** @file Low-rank additions (LoRA) merged into the weights that they are made to. */
import type { HostTensor } from '../engine/session';

/** Adds scale · b · a, [out, rank] · [rank, in], to a weight [out, in] in place. */
export function addLowRank({ data, shape }: HostTensor, a: HostTensor, b: HostTensor, scale: number): void {
  const [outputs, inputs] = shape;
  const [rank] = a.shape;
  const [sum, left, right] = [data, b.data, a.data] as Float32Array[];
  for (let o = 0; o < outputs; o++) {
    for (let r = 0; r < rank; r++) {
      const factor = scale * left[o * rank + r];
      for (let i = 0; i < inputs; i++) sum[o * inputs + i] += factor * right[r * inputs + i];
    }
  }
}
