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
import {
  deltaOfPeft,
  expectedDelta,
  fusedExperts,
  stackedPlaces,
  storedTensors,
} from '../helpers/golden-experts';
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
      const unfused = fused.includes(family) ? [] : [family];
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

      it.each(unfused)("of %s are PEFT's, byte by byte", () => {
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

      it.each(unfused)('of %s read back, with the logits that they give', async () => {
        const folder = path.join(goldenFolder, family, 'expected/adapter');
        expect(readAdapter(folder, opened().checkpoint)).toEqual({ tensors: factors(), adapter });
        await expectLogits(folder);
      });

      it.each(unfused)('of %s for transformers 5 have factors of all experts', async () => {
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

      it.each(fused.includes(family) ? (['transformers4', 'transformers5'] as const) : [])(
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
              const found = deltaOfPeft(a, b, fusedExperts(family));
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
