/** @file Exports of golden trainings of every supported family: what is written, and that it computes the same. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import type { HostTensor } from '../../src/engine/session';
import { exportRun } from '../../src/lens/export-run';
import { Checkpoint } from '../../src/model/checkpoint/checkpoint';
import { type FloatType, fromFloat32, toFloat32 } from '../../src/model/checkpoint/float-types';
import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { traceBatch } from '../../src/model/trace';
import { readAdapter, writeAdapter } from '../../src/model/tuned-files/adapter-folder';
import { mergedAdapter } from '../../src/model/tuned-files/merged-adapter';
import { writeTunedWeights } from '../../src/model/tuned-files/weights-file';
import type { TunedWeights } from '../../src/model/tuned-weights';
import { namedWeights } from '../../src/model/weight-names';
import { readWeights } from '../../src/model/weight-values';
import { runFiles } from '../../src/protocol/artifacts';
import {
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
import { writeRun } from '../helpers/run';
import { scratchFolder } from '../helpers/scratch';

const open = (folder: string): Model => Model.open(folder, { threads: 1, memoryBudget: 1e12 });

for (const { name: family } of families) {
  describe.skipIf(!goldenIsPresent)(`${family} (skipped without the golden files)`, () => {
    const scratch = scratchFolder();
    const folder = path.join(goldenFolder, family);
    const model = goldenIsPresent ? open(folder) : undefined;
    afterAll(() => model?.release());
    const opened = (): Model => {
      if (!model) throw new Error('no golden files');
      return model;
    };
    const rows = goldenIsPresent ? goldenTraceRows(family) : [];
    const logits = async (of: Model): Promise<Float32Array> =>
      (await traceBatch(of, packRows(rows), { logits: true })).logits?.data as Float32Array;

    const expectSameLogits = async (out: string, tuned: TunedWeights): Promise<void> => {
      const exported = open(out);
      const [found, expected, base] = [
        await logits(exported),
        await logits(opened().withWeights(tuned)),
        await logits(opened()),
      ];
      await exported.release();
      expect(largestDifference(found, expected)).toBe(0);
      expect(largestDifference(found, base)).toBeGreaterThan(0.1);
    };

    /** Weights as they are after they were stored. */
    const rounded = (weights: ReadonlyMap<string, HostTensor>, type?: FloatType): Map<string, HostTensor> => {
      const places = namedWeights(opened().architecture);
      return new Map(
        Array.from(weights, ([name, { data, shape }]) => {
          const stored = opened().checkpoint.entry(places.get(name)?.name ?? '').dtype as FloatType;
          const bytes = fromFloat32(type ?? stored, data as Float32Array);
          return [name, { data: toFloat32(type ?? stored, new Uint8Array(bytes)), shape }];
        }),
      );
    };

    it.each([
      ['routers', 'train_rt', runFiles.routers],
      ['experts', 'train_ceft', runFiles.experts],
    ])('tuned %s in a whole checkpoint, types as they are stored', async (what, training, file) => {
      const { checkpoint } = opened();
      const run = writeRun(path.join(scratch, `run-${what}`), checkpoint);
      const weights = goldenTensorMap(family, `expected/${training}.safetensors`);
      writeTunedWeights(run.file(file), checkpoint, weights, 'F32');
      const out = path.join(scratch, what);
      const result = await exportRun({ model: folder, run: run.path, format: 'safetensors', out });

      const originals = readdirSync(folder, { withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => entry.name);
      expect(result.files).toEqual(originals.sort());
      expect(readdirSync(out).sort()).toEqual(originals.sort());
      const changed = new Set(SafetensorsFile.open(run.file(file)).tensors.keys());
      expect(result.tensors).toBe(changed.size);
      for (const name of originals) {
        const [original, written] = [path.join(folder, name), path.join(out, name)].map(p => readFileSync(p));
        if (!name.endsWith('.safetensors')) {
          expect([name, written.equals(original)]).toEqual([name, true]);
          continue;
        }
        const headerEnd = 8 + Number(original.readBigUInt64LE());
        expect(written.subarray(0, headerEnd).equals(original.subarray(0, headerEnd))).toBe(true);
        const [before, after] = [folder, out].map(where => SafetensorsFile.open(path.join(where, name)));
        for (const tensor of before.tensors.keys()) {
          const isSame = Buffer.from(after.readBytes(tensor)).equals(before.readBytes(tensor));
          expect([tensor, isSame]).toEqual([tensor, !changed.has(tensor)]);
        }
      }
      await expectSameLogits(out, { tensors: rounded(weights) });
    });

    it.each([
      ['f32', 'F32', 'float32'],
      ['bf16', 'BF16', 'bfloat16'],
    ] as const)('all weights as %s', async (dtype, type, inConfig) => {
      const { checkpoint } = opened();
      const run = writeRun(path.join(scratch, `run-${dtype}`), checkpoint);
      const weights = goldenTensorMap(family, 'expected/train_ceft.safetensors');
      writeTunedWeights(run.file(runFiles.experts), checkpoint, weights, 'F32');
      const out = path.join(scratch, dtype);
      await exportRun({ model: folder, run: run.path, format: 'safetensors', out, dtype });
      const exported = open(out);
      const { tensors } = exported.checkpoint.files;
      await exported.release();
      expect([...tensors.keys()].sort()).toEqual([...checkpoint.files.tensors.keys()].sort());
      for (const [name, { shape }] of checkpoint.files.tensors)
        expect(tensors.get(name)).toMatchObject({ dtype: type, shape });
      const {
        dtype: five,
        torch_dtype: four,
        ...config
      } = goldenJson<Record<string, unknown>>(family, 'config.json');
      const key = five === undefined ? 'torch_dtype' : 'dtype';
      expect(five ?? four).toBeTypeOf('string');
      expect(JSON.parse(readFileSync(path.join(out, 'config.json'), 'utf8'))).toEqual({
        ...config,
        [key]: inConfig,
      });
      if (type === 'F32') await expectSameLogits(out, { tensors: weights });
      else {
        // What was not tuned is rounded, too.
        const names = [...namedWeights(opened().architecture).keys()];
        const all = new Map([...readWeights(checkpoint, names), ...weights]);
        await expectSameLogits(out, { tensors: rounded(all, type) });
      }
    });

    it('a LoRA: merged into a checkpoint, or as PEFT has it', async () => {
      const { checkpoint } = opened();
      const run = writeRun(path.join(scratch, 'run-lora'), checkpoint);
      const { r: rank, lora_alpha: alpha } = goldenJson<{ r: number; lora_alpha: number }>(
        family,
        'expected/train_lora.json',
      );
      const factors = goldenTensorMap(family, 'expected/train_lora.safetensors');
      writeAdapter(run.file(runFiles.adapter), checkpoint, factors, { rank, alpha, dropout: 0.1 });
      const request = { model: folder, run: run.path };

      const merged = path.join(scratch, 'merged');
      await exportRun({ ...request, format: 'safetensors', out: merged });
      const tuned = readAdapter(run.file(runFiles.adapter), checkpoint);
      const adapted = mergedAdapter(checkpoint, tuned);
      const weights = new Map(adapted.tensors.flatMap(tensor => [...adapted.read(tensor)]));
      await expectSameLogits(merged, { tensors: rounded(weights) });

      const exact = path.join(scratch, 'merged-f32');
      await exportRun({ ...request, format: 'safetensors', out: exact, dtype: 'f32' });
      const exported = open(exact);
      const lengths = rows.map(row => row.length);
      const golden = goldenTensors(family, 'expected/lora_logits.safetensors').readFloat32('logits');
      const expected = packGolden(golden, lengths, Math.max(...lengths));
      expect(largestDifference(await logits(exported), expected)).toBeLessThanOrEqual(tolerance.logits);
      await exported.release();

      const adapter = path.join(scratch, 'adapter');
      await exportRun({ ...request, format: 'peft', out: adapter });
      for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
        const [ours, theirs] = [run.file(runFiles.adapter), adapter].map(where =>
          readFileSync(path.join(where, name)),
        );
        expect(theirs.equals(ours)).toBe(true);
      }
      const five = path.join(scratch, 'adapter5');
      const { files } = await exportRun({ ...request, format: 'peft', out: five, layout: 'transformers5' });
      expect(files).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
      expect(readAdapter(five, checkpoint)).toEqual(tuned);
    });
  });
}

describe.skipIf(!goldenIsPresent)('a checkpoint of shards (skipped without the golden files)', () => {
  const scratch = scratchFolder();
  const folder = path.join(goldenFolder, 'qwen3_moe');
  const index = 'model.safetensors.index.json';
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const tuned = 'model.layers.0.mlp.experts.3.up_proj.weight';
  const request = (): { model: string; run: string; format: 'safetensors' } => {
    const checkpoint = Checkpoint.open(folder);
    const run = writeRun(path.join(mkdtempSync(path.join(scratch, 'run-')), 'run'), checkpoint);
    const { shape } = checkpoint.entry(tuned);
    const weight = { data: new Float32Array(shape[0] * shape[1]).fill(0.5), shape };
    const weights = new Map([['layers.0.experts.3.up', weight]]);
    writeTunedWeights(run.file(runFiles.experts), checkpoint, weights, 'BF16');
    return { model: folder, run: run.path, format: 'safetensors' };
  };

  it('keeps them: one that changes in nothing is a copy, no link', async () => {
    const out = path.join(scratch, 'as-stored');
    await exportRun({ ...request(), out });
    const same = (name: string): boolean =>
      readFileSync(path.join(out, name)).equals(readFileSync(path.join(folder, name)));
    expect([...shards, index].map(same)).toEqual([false, true, true]);
    for (const name of readdirSync(out)) {
      const { ino } = statSync(path.join(folder, name));
      expect([name, lstatSync(path.join(out, name)).isFile()]).toEqual([name, true]);
      expect(statSync(path.join(out, name)).ino).not.toBe(ino);
    }
    expect(
      SafetensorsFile.open(path.join(out, shards[0]))
        .readFloat32(tuned)
        .every(value => value === 0.5),
    ).toBe(true);
  });

  it('has an index of the right size when the type changes', async () => {
    const out = path.join(scratch, 'f32');
    await exportRun({ ...request(), out, dtype: 'f32' });
    const read = (where: string): { metadata: { total_size: number } } =>
      JSON.parse(readFileSync(path.join(where, index), 'utf8')) as { metadata: { total_size: number } };
    const before = read(folder);
    expect(read(out)).toEqual({ ...before, metadata: { total_size: 2 * before.metadata.total_size } });
  });
});
