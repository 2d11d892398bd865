/**
 * @file The auxiliary loss that keeps a mixture of experts balanced while it is trained from scratch (Shazeer et al.
 * 2017; Fedus et al. 2021), as transformers defines it: all layers together.
 */
import type { HostTensor } from '../engine/session';
import type { LayerRouting } from './layer-sessions';

export interface LoadBalancing {
  /** experts · Σ_e f_e · P_e: top-k if all experts are used alike, more otherwise. */
  readonly loss: number;
  /** Gradient with respect to the router logits [tokens, experts] of a layer. */
  gradient(layer: number): HostTensor;
}

/**
 * f_e: the (token, slot) pairs that were sent to expert e, a token; P_e: the mean of softmax(logits)_e. Both over the
 * tokens of all layers. f is constant for the gradient.
 */
export function loadBalancing(routing: ReadonlyMap<number, LayerRouting>): LoadBalancing {
  const layers = [...routing.values()];
  const experts = layers[0].logits.shape[1];
  const tokens = layers.reduce((sum, { logits }) => sum + logits.shape[0], 0);
  const fractions = new Float64Array(experts);
  const probabilities = new Float64Array(experts);
  for (const { logits, indices } of layers) {
    for (const index of indices.data) fractions[Number(index)] += 1 / tokens;
    for (let token = 0; token < logits.shape[0]; token++)
      softmaxRow(logits, token).forEach((p, e) => (probabilities[e] += p / tokens));
  }
  return {
    loss: experts * dot(fractions, probabilities),
    gradient: layer => {
      const logits = routing.get(layer)?.logits;
      if (!logits) throw new Error(`layer ${layer} has no router`);
      const data = new Float32Array(logits.data.length);
      for (let token = 0; token < logits.shape[0]; token++) {
        const p = softmaxRow(logits, token);
        const mean = dot(fractions, p);
        p.forEach((value, e) => {
          data[token * experts + e] = (experts / tokens) * value * (fractions[e] - mean);
        });
      }
      return { data, shape: logits.shape };
    },
  };
}

function softmaxRow({ data, shape: [, experts] }: HostTensor, row: number): Float64Array {
  const logits = Float64Array.from((data as Float32Array).subarray(row * experts, (row + 1) * experts));
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = logits.map(value => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map(value => value / sum);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
