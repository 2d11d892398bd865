/** @file Fine-tuning of every family on NQ-Swap with the least memory, and of a checkpoint that stays in its file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { RunFolder } from '../../src/lens/run-folder';
import { families } from '../../src/model/families';
import { runFiles, type RunRecord } from '../../src/protocol/artifacts';
import { runCli } from '../helpers/cli';
import { goldenFolder, goldenIsPresent } from '../helpers/golden';
import { killedAndResumed } from '../helpers/killed-run';
import { scratchFolder } from '../helpers/scratch';
import { tinyConfig, tinyWeights, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const file = (name: string): string => path.join(scratch, name);
/** Linux keeps an account of private memory. */
const isMeasured = existsSync('/proc/self/status');

async function succeed(...args: string[]): Promise<void> {
  const { code, stderr } = await runCli(args);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
}

function expectWithinBudget({ memory }: RunRecord, gigabytes: number): void {
  if (isMeasured) expect(memory.peak_private).toBeLessThanOrEqual(gigabytes * 1e9);
}

describe.skipIf(!goldenIsPresent)('on NQ-Swap (skipped without the golden files and datasets)', () => {
  const swap = path.join(goldenFolder, '../datasets/nq-swap');
  const data = (split: string, limit: number): string[] => [
    ...[`--${split}`, path.join(swap, `${split}.json`), `--limit-${split}`, String(limit)],
  ];
  const training = [
    ...[...data('train', 48), ...data('dev', 8), ...data('test', 4)],
    ...[
      '--max-steps',
      '24',
      '--batch-size',
      '4',
      '--lr',
      '3e-3',
      '--max-seq-length',
      '700',
      '--threads',
      '1',
    ],
  ];

  describe.each(families.map(({ name }) => name))('%s', name => {
    const model = path.join(goldenFolder, name);
    const identified = file(`${name}-identified`);
    const experts = path.join(identified, runFiles.contextDependence);
    beforeAll(() => succeed('identify', model, ...training, '--max-steps', '4', '--out', identified));

    it.each([
      ['rt', []],
      ['ceft', ['--experts', experts]],
      ['fft', []],
    ])('%s: ends well within the smallest budget that is not refused', async (method, more) => {
      const folder = file(`${name}-${method}`);
      const args = ['finetune', model, '--method', method, ...more, ...training, '--out', folder];
      const refused = await runCli([...args, '--memory-budget', '0.01']);
      const budget = Number(/at least ([\d.]+) GB/.exec(refused.stderr)?.[1]);
      expect([refused.code, existsSync(folder)]).toEqual([2, false]);

      await succeed(...args, '--memory-budget', String(budget));
      const run = RunFolder.open(folder);
      const record = run.record();
      const used = record.datasets.find(({ split }) => split === 'test')?.used;
      expect(used).toBeGreaterThan(0);
      expect([record.status, record.results.steps, record.results.tuned?.samples]).toEqual([
        'done',
        24,
        used,
      ]);
      const dev = run.metrics().flatMap(line => ('split' in line ? [line.loss] : []));
      expect(Math.min(...dev)).toBe(record.results.dev_loss);
      // Routers of random weights choose between experts that are as good as each other.
      if (method !== 'rt') expect(record.results.dev_loss).toBeLessThan(dev[0]);
      expectWithinBudget(record, budget);
    });
  });
});

describe('a checkpoint whose weights stay in their file', () => {
  const config = { ...tinyConfig, hidden_size: 128, intermediate_size: 768, num_experts: 32 };
  const model = file('wide');
  const texts = file('texts.json');
  const budget = 0.5;
  const training = [
    ...['--train', texts, '--dev', texts, '--batch-size', '2', '--lr', '1e-3', '--threads', '1'],
    ...['--max-steps', '40', '--checkpoint-every', '3', '--memory-budget', String(budget)],
  ];
  beforeAll(() => {
    const weights = tinyWeights(0, config).map(tensor => ({
      ...tensor,
      data: tensor.name.includes('norm')
        ? tensor.data
        : (tensor.data as Float32Array).map(value => value / 10),
    }));
    writeTinyCheckpoint(model, weights, config);
    const samples = ['red', 'blue', 'green', 'white'].map(answer => ({
      ...{ context: `The tower is ${answer}.`, question: 'What colour?', answer },
    }));
    writeFileSync(texts, JSON.stringify(samples));
  });

  it.each([
    ['random', runFiles.experts, []],
    ['rt', runFiles.routers, []],
    [
      'random by LoRA',
      path.join(runFiles.adapter, 'adapter_model.safetensors'),
      ['--parametrisation', 'lora'],
    ],
  ])('%s: killed five times, it ends with the same bits as one that is not', async (name, weights, more) => {
    const [whole, killed] = [file(`${name} whole`), file(`${name} killed`)];
    const args = ['finetune', model, '--method', name.split(' ')[0], ...training, ...more, '--out'];
    await succeed(...args, whole);
    await killedAndResumed({
      start: [...args, killed],
      resume: ['finetune', model, '--resume', killed],
      ...{ folder: killed, steps: 40, kills: 5, seed: 5 },
    });
    const [expected, actual] = [whole, killed].map(folder => RunFolder.open(folder));
    expect(readFileSync(actual.file(weights)).equals(readFileSync(expected.file(weights)))).toBe(true);
    for (const record of [expected.record(), actual.record()]) {
      expect(record.engine.memory_mode).toBe('mapped');
      expectWithinBudget(record, budget);
    }
    expect(actual.record().results).toEqual(expected.record().results);
  });
});
