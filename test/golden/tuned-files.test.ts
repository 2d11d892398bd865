/** @file Files of tuned weights and adapters of every supported family, with what the golden trainings gave. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import type { HostTensor } from '../../src/engine/session';
import { mixtureOf } from '../../src/model/architecture';
import { bfloat16ToFloat32, float32ToBfloat16 } from '../../src/model/checkpoint/half-precision';
import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { traceBatch } from '../../src/model/trace';
import { readAdapter, writeAdapter } from '../../src/model/tuned-files/adapter-folder';
import { readTunedWeights, writeTunedWeights } from '../../src/model/tuned-files/weights-file';
import {
  expectWithin,
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenTensorMap,
  goldenTensors,
  goldenTraceRows,
  largestDifference,
  packGolden,
  tolerance,
} from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';

const fused = ['gpt_oss', 'granitemoe'];

interface Lora {
  r: number;
  lora_alpha: number;
}

interface AdapterConfig {
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  target_modules: string[];
  target_parameters?: string[];
  rank_pattern: Record<string, number>;
  alpha_pattern: Record<string, number>;
}

for (const { name: family } of families) {
  describe.skipIf(!goldenIsPresent)(`${family} (skipped without the golden files)`, () => {
    const scratch = scratchFolder();
    const model = goldenIsPresent
      ? Model.open(path.join(goldenFolder, family), { threads: 1, memoryBudget: 1e12 })
      : undefined;
    afterAll(() => model?.release());
    const opened = (): Model => {
      if (!model) throw new Error('no golden files');
      return model;
    };

    describe('tuned weights', () => {
      it.each(['F32', 'BF16'] as const)('as %s: whole tensors, read back by canonical names', dtype => {
        const { checkpoint } = opened();
        const tuned = goldenTensorMap(family, 'expected/train_ceft.safetensors');
        const file = path.join(scratch, `${dtype}.safetensors`);
        writeTunedWeights(file, checkpoint, tuned, dtype);
        const written = SafetensorsFile.open(file);
        expect(written.metadata).toEqual({ format: 'pt' });

        const rounded = (values: Float32Array): Float32Array =>
          dtype === 'F32' ? values : bfloat16ToFloat32(float32ToBfloat16(values));
        const expected = storedTensors(family, opened(), tuned);
        expect([...written.tensors.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [name, values] of expected) {
          const { shape } = checkpoint.entry(name);
          expect(written.tensors.get(name)).toMatchObject({ dtype, shape });
          expect(written.readFloat32(name)).toEqual(rounded(values));
        }

        const read = readTunedWeights(file, checkpoint);
        expect([...read.keys()].sort()).toEqual([...tuned.keys()].sort());
        for (const [name, { data, shape }] of tuned)
          expect(read.get(name)).toEqual({ data: rounded(data as Float32Array), shape });
      });
    });

    describe('adapters', () => {
      const golden = goldenIsPresent
        ? goldenJson<Lora>(family, 'expected/train_lora.json')
        : { r: 0, lora_alpha: 0 };
      const settings = { rank: golden.r, alpha: golden.lora_alpha, dropout: 0 };
      const factors = (): Map<string, HostTensor> =>
        goldenTensorMap(family, 'expected/train_lora.safetensors');
      const adapter = { rank: golden.r, scale: golden.lora_alpha / golden.r, dropout: 0 };
      const config = (folder: string): AdapterConfig =>
        JSON.parse(readFileSync(path.join(folder, 'adapter_config.json'), 'utf8')) as AdapterConfig;
      const weights = (folder: string): string => path.join(folder, 'adapter_model.safetensors');

      const expectLogits = async (folder: string): Promise<void> => {
        const rows = goldenTraceRows(family);
        const lengths = rows.map(row => row.length);
        const logits = goldenTensors(family, 'expected/lora_logits.safetensors').readFloat32('logits');
        const tuned = opened().withWeights(readAdapter(folder, opened().checkpoint));
        const trace = await traceBatch(tuned, packRows(rows), { logits: true });
        expectWithin(
          { family, quantity: 'logits with a trained LoRA' },
          largestDifference(
            trace.logits?.data as Float32Array,
            packGolden(logits, lengths, Math.max(...lengths)),
          ),
          tolerance.logits,
        );
      };

      it.skipIf(fused.includes(family))("are PEFT's, byte by byte", () => {
        const folder = path.join(scratch, 'adapter');
        writeAdapter(folder, opened().checkpoint, factors(), settings);
        const expected = path.join(goldenFolder, family, 'expected/adapter');
        expect(readFileSync(weights(folder)).equals(readFileSync(weights(expected)))).toBe(true);
        const sorted = (content: AdapterConfig): AdapterConfig => ({
          ...content,
          target_modules: content.target_modules.toSorted(),
        });
        expect(sorted(config(folder))).toEqual(sorted(config(expected)));
      });

      it.skipIf(fused.includes(family))('of PEFT read back, with the logits that they give', async () => {
        const folder = path.join(goldenFolder, family, 'expected/adapter');
        expect(readAdapter(folder, opened().checkpoint)).toEqual({ tensors: factors(), adapter });
        await expectLogits(folder);
      });

      it.skipIf(fused.includes(family))('for transformers 5 have factors of all experts', async () => {
        const folder = path.join(scratch, 'adapter5');
        const { checkpoint, architecture, moeLayers } = opened();
        writeAdapter(folder, checkpoint, factors(), { ...settings, dropout: 0.1 }, 'transformers5');
        const expected = goldenTensors(family, 'expected/adapter/adapter_model.safetensors');
        const written = SafetensorsFile.open(weights(folder));
        const { experts } = mixtureOf(architecture, moeLayers[0]);
        expect(written.tensors.size).toBe(moeLayers.length * experts * 3 * 2);
        for (const name of written.tensors.keys()) {
          const values = expected.tensors.has(name) ? expected.readFloat32(name) : undefined;
          if (values) expect(written.readFloat32(name)).toEqual(values);
          else expect(written.readFloat32(name).every(value => value === 0)).toBe(true);
        }
        expect([...expected.tensors.keys()].filter(name => !written.tensors.has(name))).toEqual([]);
        const ends = ['mixtral', 'minicpm_moe'].includes(family)
          ? ['w1', 'w2', 'w3']
          : ['down_proj', 'gate_proj', 'up_proj'];
        const { target_modules, target_parameters, rank_pattern, alpha_pattern } = config(folder);
        // PEFT refuses another dropout of what it stacks.
        expect(config(folder).lora_dropout).toBe(0);
        if (family === 'qwen2_moe') {
          // PEFT knows the linear layers of all others.
          expect(target_modules).toEqual([]);
          expect(target_parameters?.toSorted()).toEqual(['experts.down_proj', 'experts.gate_up_proj']);
          expect(rank_pattern).toEqual({ 'experts.gate_up_proj': 2 * golden.r });
          expect(alpha_pattern).toEqual({ 'experts.gate_up_proj': 2 * golden.lora_alpha });
        } else {
          expect(target_modules.toSorted()).toEqual(ends);
          expect(target_parameters).toBeUndefined();
          expect(rank_pattern).toEqual({});
        }
        expect(readAdapter(folder, checkpoint)).toEqual({ tensors: factors(), adapter });
        await expectLogits(folder);
      });

      it.skipIf(!fused.includes(family)).each(['transformers4', 'transformers5'] as const)(
        'for %s: what PEFT makes of the stacked factors is each addition',
        async layout => {
          const folder = path.join(scratch, layout);
          const { checkpoint, moeLayers } = opened();
          writeAdapter(folder, checkpoint, factors(), { ...settings, dropout: 0.1 }, layout);
          const written = SafetensorsFile.open(weights(folder));
          const { rank_pattern, alpha_pattern, ...others } = config(folder);
          const places = stackedPlaces(family, layout);
          expect(others).toMatchObject({ r: golden.r, lora_alpha: golden.lora_alpha, lora_dropout: 0 });
          expect(others.target_modules).toEqual([]);
          expect(others.target_parameters?.toSorted()).toEqual(
            moeLayers
              .flatMap(layer =>
                [places.gateUp, places.down].map(place => `layers.${layer}.${place.parameter}`),
              )
              .toSorted(),
          );
          const end = places.gateUp.parameter.split('.').slice(-2).join('.');
          expect(rank_pattern).toEqual({ [end]: 2 * golden.r });
          expect(alpha_pattern).toEqual({ [end]: 2 * golden.lora_alpha });

          expect(written.tensors.size).toBe(moeLayers.length * 4);
          for (const layer of moeLayers) {
            for (const [place, parts] of [
              [places.gateUp, ['gate', 'up']],
              [places.down, ['down']],
            ] as const) {
              const [a, b] = ['lora_A', 'lora_B'].map(factor => {
                const name = `base_model.model.model.layers.${layer}.${place.prefix}.${factor}.weight`;
                return { data: written.readFloat32(name), shape: written.tensors.get(name)?.shape ?? [] };
              });
              const found = deltaOfPeft(a, b, experts(family));
              const expected = expectedDelta(family, factors(), layer, parts, found.shape);
              expect(largestDifference(found.data, expected)).toBeLessThanOrEqual(1e-6);
            }
          }
          expect(readAdapter(folder, checkpoint)).toEqual({ tensors: factors(), adapter });
          await expectLogits(folder);
        },
      );
    });
  });
}

function experts(family: string): number {
  return goldenJson<{ num_local_experts: number }>(family, 'config.json').num_local_experts;
}

/** Tensors of the checkpoint with tuned weights in them, put there as README §3 of the golden files says. */
function storedTensors(
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
function stackedPlaces(
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
function deltaOfPeft(
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
function expectedDelta(
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
