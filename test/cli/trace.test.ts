/** @file `trace` writes what the reference implementation wrote, tensor by tensor. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import { runCli } from '../helpers/cli';
import {
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenTensors,
  largestDifference,
  tolerance,
} from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';

/** In the reference's file, but not in ours: they follow from what is. */
const notWritten = /^(attention_mask|router_probs\.\d+)$/;

const tolerances: Record<string, number> = {
  attn: tolerance.attention,
  final_norm: tolerance.hidden,
  hidden: tolerance.hidden,
  logits: tolerance.logits,
  router_logits: tolerance.routerLogits,
  topk_weights: tolerance.routerLogits,
};

function expectSameTensor(name: string, actual: SafetensorsFile, expected: SafetensorsFile): void {
  const [ours, theirs] = [actual.tensors.get(name), expected.tensors.get(name)];
  expect([name, ours?.dtype, ours?.shape]).toEqual([name, theirs?.dtype, theirs?.shape]);
  if (theirs?.dtype === 'I64') {
    expect(actual.readInt(name)).toEqual(expected.readInt(name));
    return;
  }
  const difference = largestDifference(actual.readFloat32(name), expected.readFloat32(name));
  expect(difference).toBeLessThanOrEqual(tolerances[name.replace(/\.\d+$/, '')]);
}

interface Generation {
  max_new_tokens: number;
  masked_experts: Record<string, number[]>;
  prompts: Record<'prompt_ids' | 'continuation_ids' | 'masked_continuation_ids', number[]>[];
}

describe.skipIf(!goldenIsPresent)('trace (skipped without the golden files)', () => {
  const scratch = scratchFolder();
  const model = path.join(goldenFolder, 'olmoe');

  /** Writes a JSON file and returns its path. */
  const write = (name: string, content: unknown): string => {
    const file = path.join(scratch, name);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const tokenIds = (): string => {
    const golden = goldenTensors('olmoe/expected/trace.safetensors');
    const ids = golden.readInt('input_ids');
    const lengths = golden.readInt('lengths');
    const longest = ids.length / lengths.length;
    return write('ids.json', {
      input_ids: lengths.map((length, b) => ids.slice(b * longest, b * longest + length)),
    });
  };
  const trace = (...options: string[]): Promise<SafetensorsFile> => traceRows(tokenIds(), ...options);
  const traceRows = async (rows: string, ...options: string[]): Promise<SafetensorsFile> => {
    const out = path.join(scratch, 'out.safetensors');
    const args = ['trace', model, '--token-ids', rows, '--threads', '1', '--out', out, ...options];
    const { code, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([0, '']);
    return SafetensorsFile.open(out);
  };

  it('has every tensor of the reference, with its name, shape, type and padding', async () => {
    const expected = goldenTensors('olmoe/expected/trace.safetensors');
    const actual = await trace('--with', 'attn,hidden,logits');
    const names = [...expected.tensors.keys()].filter(name => !notWritten.test(name)).sort();
    expect([...actual.tensors.keys()].sort()).toEqual(names);
    for (const name of names) expectSameTensor(name, actual, expected);
  });

  it('continues prompts, with masked experts or without, and says where generation begins', async () => {
    const golden = goldenJson<Generation>('olmoe/expected/generate.json');
    const prompts = golden.prompts.map(({ prompt_ids }) => prompt_ids);
    const rows = write('prompts.json', { input_ids: prompts });
    const generate = ['--max-new-tokens', String(golden.max_new_tokens)];
    const mask = ['--mask', write('mask.json', { experts: golden.masked_experts })];
    for (const [kind, options] of [
      ['continuation_ids', generate],
      ['masked_continuation_ids', [...generate, ...mask]],
    ] as const) {
      const traced = await traceRows(rows, ...options);
      const lengths = traced.readInt('lengths').map(Number);
      const ids = traced.readInt('input_ids').map(Number);
      const longest = ids.length / lengths.length;
      const expected = golden.prompts.map(row => [...row.prompt_ids, ...row[kind]]);
      expect(lengths.map((length, b) => ids.slice(b * longest, b * longest + length))).toEqual(expected);
      expect(traced.readInt('prompt_lengths').map(Number)).toEqual(prompts.map(({ length }) => length));
      expect(traced.tensors.get('topk_indices.0')?.shape).toEqual([ids.length, 2]);
    }
  });

  it('routes around masked experts', async () => {
    const expected = goldenTensors('olmoe/expected/masked_trace.safetensors');
    const { masked_experts: experts } = goldenJson<{ masked_experts: unknown }>(
      'olmoe/expected/generate.json',
    );
    const actual = await trace('--with', 'logits', '--mask', write('mask.json', { experts }));
    for (const name of expected.tensors.keys()) expectSameTensor(name, actual, expected);
  });
});
