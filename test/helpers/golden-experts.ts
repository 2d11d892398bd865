/** @file Where the golden checkpoints and adapters have experts, put down from README §3 and PEFT's own formula. */
import type { HostTensor } from '../../src/engine/session';
import type { Model } from '../../src/model/model';
import { goldenJson } from './golden';

/** Experts of a layer of a family that fuses them. */
export function fusedExperts(family: string): number {
  return goldenJson<{ num_local_experts: number }>(family, 'config.json').num_local_experts;
}

/** Tensors of the checkpoint with tuned weights in them, put there as README §3 of the golden files says. */
export function storedTensors(
  family: string,
  { checkpoint }: Model,
  tuned: ReadonlyMap<string, HostTensor>,
): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const [name, { data, shape }] of tuned) {
    const [, layer, expert, part] = /^layers\.(\d+)\.experts\.(\d+)\.(\w+)$/.exec(name) ?? [];
    const { tensor, index } = storage(family, Number(layer), Number(expert), part);
    const values = found.get(tensor) ?? checkpoint.read(tensor);
    found.set(tensor, values);
    const [rows, columns = 1] = shape;
    const strides = checkpoint
      .entry(tensor)
      .shape.map((_, axis, all) => all.slice(axis + 1).reduce((product, length) => product * length, 1));
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const at = index(row, column).reduce((sum, position, axis) => sum + position * strides[axis], 0);
        values[at] = Number(data[row * columns + column]);
      }
  }
  return found;
}

interface Storage {
  tensor: string;
  index: (row: number, column: number) => number[];
}

/** Where row and column of an expert's matrix, or element `row` of its bias, are stored. */
function storage(family: string, layer: number, expert: number, part: string): Storage {
  if (family === 'gpt_oss') {
    const prefix = `model.layers.${layer}.mlp.experts`;
    const second = part.startsWith('up') ? 1 : 0;
    switch (part) {
      case 'down':
        return { tensor: `${prefix}.down_proj`, index: (row, column) => [expert, column, row] };
      case 'down_bias':
        return { tensor: `${prefix}.down_proj_bias`, index: row => [expert, row] };
      case 'gate':
      case 'up':
        return {
          tensor: `${prefix}.gate_up_proj`,
          index: (row, column) => [expert, column, 2 * row + second],
        };
      default:
        return { tensor: `${prefix}.gate_up_proj_bias`, index: row => [expert, 2 * row + second] };
    }
  }
  if (family === 'granitemoe') {
    const prefix = `model.layers.${layer}.block_sparse_moe`;
    const width = goldenJson<{ intermediate_size: number }>(family, 'config.json').intermediate_size;
    const first = part === 'up' ? width : 0;
    return part === 'down'
      ? { tensor: `${prefix}.output_linear.weight`, index: (row, column) => [expert, row, column] }
      : { tensor: `${prefix}.input_linear.weight`, index: (row, column) => [expert, first + row, column] };
  }
  const names: Record<string, string> = ['mixtral', 'minicpm_moe'].includes(family)
    ? { gate: 'w1', up: 'w3', down: 'w2' }
    : { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };
  const block = family === 'mixtral' ? 'block_sparse_moe' : 'mlp';
  return {
    tensor: `model.layers.${layer}.${block}.experts.${expert}.${names[part]}.weight`,
    index: (row, column) => [row, column],
  };
}

/** Names of the stacked tensors in an adapter, and of the parameters that they are added to, in a layer. */
export function stackedPlaces(
  family: string,
  layout: string,
): Record<'gateUp' | 'down', { prefix: string; parameter: string }> {
  if (family === 'granitemoe' && layout === 'transformers4') {
    const module = 'block_sparse_moe';
    return {
      gateUp: { prefix: `${module}.input_linear`, parameter: `${module}.input_linear.weight` },
      down: { prefix: `${module}.output_linear`, parameter: `${module}.output_linear.weight` },
    };
  }
  const module = family === 'gpt_oss' ? 'mlp.experts' : 'block_sparse_moe.experts';
  return {
    gateUp: { prefix: `${module}.base_layer`, parameter: `${module}.gate_up_proj` },
    down: { prefix: module, parameter: `${module}.down_proj` },
  };
}

/** `einsum("o r e, e r i -> e o i")` of B and A: `get_delta_weight` of PEFT's `ParamWrapper`, without the scale. */
export function deltaOfPeft(
  a: { data: Float32Array; shape: number[] },
  b: { data: Float32Array; shape: number[] },
  count: number,
): { data: Float64Array; shape: [number, number, number] } {
  const [outputs, columns] = b.shape;
  const inputs = a.shape[1];
  const rank = columns / count;
  const data = new Float64Array(count * outputs * inputs);
  for (let e = 0; e < count; e++)
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++)
        for (let r = 0; r < rank; r++)
          data[(e * outputs + o) * inputs + i] +=
            b.data[o * columns + r * count + e] * a.data[(e * rank + r) * inputs + i];
  return { data, shape: [count, outputs, inputs] };
}

/** B · A of each expert, in the rows that its matrices have in the tensor of all experts, as [expert, out, in]. */
export function expectedDelta(
  family: string,
  factors: ReadonlyMap<string, HostTensor>,
  layer: number,
  parts: readonly string[],
  [count, outputs, inputs]: readonly [number, number, number],
): Float64Array {
  const delta = new Float64Array(count * outputs * inputs);
  for (let expert = 0; expert < count; expert++) {
    for (const part of parts) {
      const [a, b] = ['lora_A', 'lora_B'].map(factor =>
        factors.get(`layers.${layer}.experts.${expert}.${part}.${factor}`),
      );
      if (!a || !b) continue;
      const [rows, rank] = b.shape;
      for (let row = 0; row < rows; row++) {
        const index = storage(family, layer, expert, part).index(row, 0);
        // The output is the last axis where matrices are stored as [in, out].
        const output = family === 'gpt_oss' ? index[2] : index[1];
        for (let i = 0; i < inputs; i++)
          for (let r = 0; r < rank; r++)
            delta[(expert * outputs + output) * inputs + i] +=
              Number(b.data[row * rank + r]) * Number(a.data[r * inputs + i]);
      }
    }
  }
  return delta;
}
