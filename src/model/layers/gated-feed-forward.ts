/** @file Gated feed-forward layers: experts, shared experts, dense layers. */
import type { FloatTensor } from '../../engine/graph';
import { add, clip, multiply, sigmoid, silu } from '../../engine/operators/elementwise';
import type { Activation, GatedFeedForward } from '../architecture';
import { multiplyByWeight, project } from './projection';
import type { LoadWeight } from './weights';

export interface GatedResult {
  /** [rows, hidden] */
  readonly output: FloatTensor;
  /** [rows, width]: before the activation; dear to compute, and the backward pass reads them. */
  readonly gate: FloatTensor;
  readonly up: FloatTensor;
}

/**
 * weight · down(activation(gate x, up x)). The weight is applied before the down projection: both orders give the same
 * sum, but so its gradient needs no second down projection.
 * @param x [rows, hidden]
 * @param weight [rows, 1]; default: 1
 */
export function gatedFeedForward(
  x: FloatTensor,
  layer: GatedFeedForward,
  activation: Activation,
  load: LoadWeight,
  weight?: FloatTensor,
): GatedResult {
  const gate = project(x, layer.gate, load);
  const up = project(x, layer.up, load);
  const active = activate(gate, up, activation);
  const { weight: down, bias } = layer.down;
  const output = multiplyByWeight(weight ? multiply(active, weight) : active, down, load);
  if (!bias) return { output, gate, up };
  const shift = load(bias);
  return { output: add(output, weight ? multiply(weight, shift) : shift), gate, up };
}

function activate(gate: FloatTensor, up: FloatTensor, activation: Activation): FloatTensor {
  if (activation.kind === 'silu') return multiply(silu(gate), up);
  const { limit, slope } = activation;
  const { graph } = gate;
  const limited = clip(gate, -Infinity, limit);
  const gated = multiply(limited, sigmoid(multiply(limited, graph.float(slope))));
  return multiply(gated, add(clip(up, -limit, limit), graph.float(1)));
}
