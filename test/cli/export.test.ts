/** @file `export` as a process: what it writes and says, and bad input. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';

import { Checkpoint } from '../../src/model/checkpoint/checkpoint';
import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import { writeAdapter } from '../../src/model/tuned-files/adapter-folder';
import { writeTunedWeights } from '../../src/model/tuned-files/weights-file';
import { runFiles } from '../../src/protocol/artifacts';
import { ExportResultSchema } from '../../src/protocol/export';
import { runCli } from '../helpers/cli';
import { writeRun } from '../helpers/run';
import { scratchFolder } from '../helpers/scratch';
import { tinyQwen3, tinyWeights, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const model = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const checkpoint = Checkpoint.open(model);
const lora = writeRun(path.join(scratch, 'lora'), checkpoint).path;
const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
writeAdapter(
  path.join(lora, runFiles.adapter),
  checkpoint,
  new Map([
    ['layers.0.experts.2.up.lora_A', { data: ones(32), shape: [2, 16] }],
    ['layers.0.experts.2.up.lora_B', { data: ones(16).map((_, i) => 1 - (i % 2)), shape: [8, 2] }],
  ]),
  { rank: 2, alpha: 6, dropout: 0.1 },
);
const tensor = 'model.layers.0.mlp.experts.2.up_proj.weight';
const out = path.join(scratch, 'out');
const command = (...more: string[]): string[] => ['export', model, '--run', lora, '--out', out, ...more];

describe('export', () => {
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  it('writes a checkpoint that a LoRA is merged into, and says what it is', async () => {
    const { code, stdout, stderr } = await runCli(command('--format', 'safetensors'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ +\d+ % Checkpoint/m);
    expect(stdout).toMatch(/^tensors +1 with tuned weights$/m);
    expect(stdout).toMatch(/^folder +.*out$/m);
    // alpha / rank · (1 · 1 + 0 · 1)
    const expected = checkpoint.read(tensor).map(value => value + 3);
    expect(SafetensorsFile.open(path.join(out, 'model.safetensors')).readFloat32(tensor)).toEqual(expected);
    const { code: inspected } = await runCli(['inspect', out]);
    expect(inspected).toBe(0);
  });

  it('writes a checkpoint of another type', async () => {
    const { code } = await runCli(command('--format', 'safetensors', '--dtype', 'bf16'));
    expect(code).toBe(0);
    expect(SafetensorsFile.open(path.join(out, 'model.safetensors')).tensors.get(tensor)?.dtype).toBe('BF16');
  });

  it('writes an adapter, and tells programs', async () => {
    const { code, stdout } = await runCli(command('--format', 'peft', '--layout', 'transformers5', '--json'));
    expect(code).toBe(0);
    const files = ['adapter_config.json', 'adapter_model.safetensors'];
    expect(v.parse(ExportResultSchema, JSON.parse(stdout))).toMatchObject({
      out,
      format: 'peft',
      files,
      tensors: 1,
    });
    const config: unknown = JSON.parse(readFileSync(path.join(out, files[0]), 'utf8'));
    expect(config).toMatchObject({
      r: 2,
      lora_alpha: 6,
      target_modules: ['gate_proj', 'up_proj', 'down_proj'],
    });
  });

  const other = writeTinyCheckpoint(path.join(scratch, 'other'), tinyWeights(0, tinyQwen3), tinyQwen3);
  const empty = writeRun(path.join(scratch, 'empty'), checkpoint, 'identify').path;
  const routers = writeRun(path.join(scratch, 'routers'), checkpoint, 'identify');
  const router = { data: ones(64), shape: [4, 16] };
  const tuned = new Map([['layers.1.router.weight', router]]);
  writeTunedWeights(routers.file(runFiles.routers), checkpoint, tuned, 'F32');
  it.each<[string, string[], RegExp]>([
    ['no format', command(), /--format <name>.*not specified/],
    ['an unknown format', command('--format', 'gguf'), /'gguf' is invalid.*safetensors, peft/],
    ['a type of an adapter', command('--format', 'peft', '--dtype', 'bf16'), /export safetensors/],
    [
      'a layout of a checkpoint',
      command('--format', 'safetensors', '--layout', 'transformers5'),
      /export peft/,
    ],
    [
      'a folder that is not empty',
      ['export', model, '--run', lora, '--format', 'peft', '--out', model],
      /tiny is not an empty folder\. Give a folder that does not exist yet/,
    ],
    [
      'a run of another model',
      ['export', other, '--run', lora, '--format', 'peft', '--out', out],
      /lora: is a run of another model \(tiny\)\. Give a run of other/,
    ],
    [
      'a run without weights',
      ['export', model, '--run', empty, '--format', 'safetensors', '--out', out],
      /has no tuned weights\. Give a run of identify or finetune/,
    ],
    [
      'an adapter of a run without one',
      ['export', model, '--run', routers.path, '--format', 'peft', '--out', out],
      /routers: has no adapter.*Export safetensors instead, or fine-tune with LoRA/,
    ],
    ['no run', ['export', model, '--run', scratch, '--format', 'peft', '--out', out], /is not a run folder/],
  ])('refuses %s in one line', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim()).not.toContain('\n');
    expect(existsSync(out)).toBe(false);
  });
});
