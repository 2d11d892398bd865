/** @file What an export copies, what it refuses, and that nothing half-written stays. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { writeRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { tinyQwen3, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { CancelledError, InputError } from '../common/errors';
import { Checkpoint } from '../model/checkpoint/checkpoint';
import { float32ToFloat16 } from '../model/checkpoint/half-precision';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import { type TensorToWrite } from '../model/checkpoint/safetensors-writer';
import { writeTunedWeights } from '../model/tuned-files/weights-file';
import { runFiles } from '../protocol/artifacts';
import type { ExportRequest } from '../protocol/export';
import type { Progress } from '../protocol/jobs';
import { exportRun } from './export-run';

const scratch = scratchFolder();
const name = 'model.layers.1.mlp.gate.weight';
const router = (value: number) => ({ data: new Float32Array(64).fill(value), shape: [4, 16] });

/** A run that tuned a router of a checkpoint to a constant. */
function routerRun(folder: string, model: string, value = 7): string {
  const checkpoint = Checkpoint.open(model);
  const run = writeRun(path.join(scratch, folder), checkpoint, 'identify');
  const weights = new Map([['layers.1.router.weight', router(value)]]);
  writeTunedWeights(run.file(runFiles.routers), checkpoint, weights, 'F32');
  return run.path;
}

const model = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const run = routerRun('run', model);
let outs = 0;
const request = (change: Partial<ExportRequest> = {}): ExportRequest => {
  const out = path.join(scratch, `out-${outs++}`);
  return { model, run, format: 'safetensors', out, ...change };
};

describe('an export', () => {
  it('has the tuned weights, and the files that belong to the model', async () => {
    const folder = writeTinyCheckpoint(path.join(scratch, 'with-files'));
    const kept = [
      'merges.txt',
      'generation_config.json',
      'chat_template.jinja',
      'modeling_x.py',
      'LICENSE',
      'tokenizer.model',
    ];
    const left = [
      'pytorch_model.bin',
      'pytorch_model.bin.index.json',
      'README.md',
      '.gitattributes',
      'other.safetensors',
    ];
    for (const file of [...kept, ...left]) writeFileSync(path.join(folder, file), file);
    mkdirSync(path.join(folder, 'onnx.json'));
    const asked = request({ model: folder, run: routerRun('run-with-files', folder) });
    const { files, bytes, tensors } = await exportRun(asked);
    expect(files).toEqual(
      [...kept, 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].sort(),
    );
    for (const file of kept) expect(readFileSync(path.join(asked.out, file), 'utf8')).toBe(file);
    expect(bytes).toBe(files.reduce((sum, file) => sum + readFileSync(path.join(asked.out, file)).length, 0));
    expect(tensors).toBe(1);
    const exported = SafetensorsFile.open(path.join(asked.out, 'model.safetensors'));
    expect(exported.readFloat32(name)).toEqual(router(7).data);
  });

  it('of a snapshot in the Hugging Face cache has files in the place of links', async () => {
    const entry = path.join(scratch, 'hub', 'models--org--name');
    const snapshot = path.join(entry, 'snapshots', '0123abcd');
    writeTinyCheckpoint(snapshot);
    mkdirSync(path.join(entry, 'blobs'));
    for (const file of readdirSync(snapshot)) {
      renameSync(path.join(snapshot, file), path.join(entry, 'blobs', `blob-of-${file}`));
      symlinkSync(`../../blobs/blob-of-${file}`, path.join(snapshot, file));
    }
    const asked = request({ model: snapshot, run: routerRun('run-of-snapshot', snapshot) });
    const { files } = await exportRun(asked);
    expect(files).toEqual(readdirSync(snapshot).sort());
    for (const file of files) expect(lstatSync(path.join(asked.out, file)).isFile()).toBe(true);
  });

  it('reports how far it is', async () => {
    const progress: Progress[] = [];
    await exportRun(request(), { progress: value => void progress.push(value) });
    const fractions = progress.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.some(fraction => fraction > 0 && fraction < 1)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
  });

  it('that is cancelled leaves nothing', async () => {
    for (const prepare of [(): undefined => undefined, (out: string): unknown => mkdirSync(out)]) {
      const asked = request();
      prepare(asked.out);
      const before = existsSync(asked.out);
      const cancelling = new AbortController();
      const done = exportRun(asked, {
        signal: cancelling.signal,
        progress: ({ fraction }) => fraction > 0 && cancelling.abort(),
      });
      await expect(done).rejects.toBeInstanceOf(CancelledError);
      expect(existsSync(asked.out)).toBe(before);
      if (before) expect(readdirSync(asked.out)).toEqual([]);
    }
  });
});

describe('refused is', () => {
  const halves = tinyWeights().map(({ data, ...tensor }): TensorToWrite => ({
    ...tensor,
    dtype: 'F16',
    data: float32ToFloat16(data as Float32Array),
  }));
  const half = writeTinyCheckpoint(path.join(scratch, 'half'), halves);
  const other = writeTinyCheckpoint(path.join(scratch, 'other'), tinyWeights(0, tinyQwen3), tinyQwen3);
  const linked = writeTinyCheckpoint(path.join(scratch, 'linked'));
  symlinkSync('../half/tokenizer.json', path.join(linked, 'merges.txt'));
  const empty = writeRun(path.join(scratch, 'empty'), Checkpoint.open(model), 'analyze-cost').path;

  it.each<[string, Partial<ExportRequest>, RegExp]>([
    [
      'a run of another model',
      { model: other },
      /run: is a run of another model \(tiny\)\. Give a run of other/,
    ],
    [
      'a run without weights',
      { run: empty },
      /empty: the run \("analyze-cost", done\) has no tuned weights\. Give a run/,
    ],
    ['a folder with something in it', { out: model }, /tiny is not an empty folder\. Give a folder/],
    [
      'an adapter of what is none',
      { format: 'peft' },
      /run: has no adapter.*Export safetensors instead, or fine-tune with LoRA/,
    ],
    [
      'an adapter of a type',
      { format: 'peft', dtype: 'bf16' },
      /always float32\. Leave the dtype out, or export safetensors/,
    ],
    [
      'a checkpoint of a layout',
      { layout: 'transformers5' },
      /Only adapters have a layout\. Leave it out, or export peft/,
    ],
    [
      'a link out of the checkpoint',
      { model: linked, run: routerRun('run-linked', linked) },
      /merges\.txt is a link to .*outside/,
    ],
    [
      'a weight that float16 cannot hold',
      { model: half, run: routerRun('run-half', half, 65520) },
      /layers\.1\.mlp\.gate\.weight".*larger than float16 can hold\. Choose bfloat16 or float32/,
    ],
  ])('%s', async (_, change, message) => {
    const asked = request(change);
    const before = existsSync(asked.out);
    const refusal = await exportRun(asked).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InputError);
    expect((refusal as InputError).message).toMatch(message);
    expect(existsSync(asked.out)).toBe(before);
  });

  it('not the largest weight that float16 can hold', async () => {
    const asked = request({ model: half, run: routerRun('run-largest', half, 65519) });
    await exportRun(asked);
    const exported = SafetensorsFile.open(path.join(asked.out, 'model.safetensors'));
    expect(exported.readFloat32(name)).toEqual(router(65504).data);
  });
});
