/** @file `identify` and `report` from end to end, as processes. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { RunFolder } from '../../src/lens/run-folder';
import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import { runFiles } from '../../src/protocol/artifacts';
import { IdentifyResultSchema } from '../../src/protocol/jobs';
import { runCli } from '../helpers/cli';
import {
  expectTrainedWeights,
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenTensors,
  largestDifference,
  tolerance,
} from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';
import { tinyConfig, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const write = (name: string, content: unknown): string => {
  const file = path.join(scratch, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
};
const tiny = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const colours = ['red', 'blue', 'green', 'white'];
const texts = write(
  'texts.json',
  colours.map(answer => ({ context: `The tower is ${answer}.`, question: 'What colour is it?', answer })),
);

/** Runs to the end, into a new run folder of that name. */
async function identify(name: string, ...args: string[]): Promise<RunFolder> {
  const folder = path.join(scratch, name);
  const { code, stderr } = await runCli(['identify', ...args, '--threads', '1', '--out', folder]);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return RunFolder.open(folder);
}

const trainingLosses = (folder: RunFolder): number[] =>
  folder.metrics().flatMap(line => ('split' in line ? [] : [line.loss]));

describe('identify', () => {
  it('answers with a result that says what is in the run folder; report writes its page anew', async () => {
    const folder = path.join(scratch, 'json');
    const settings = [
      '--max-steps',
      '2',
      '--batch-size',
      '2',
      '--test',
      texts,
      '--limit-test',
      '2',
      '--k',
      '1',
    ];
    const run = [
      'identify',
      tiny,
      '--train',
      texts,
      ...settings,
      '--threads',
      '1',
      '--out',
      folder,
      '--json',
    ];
    const { code, stdout, stderr } = await runCli(run);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Estimated: \d+ s, [\d.]+ GB of memory [^\n]+\n( *\d+ % [^\n]+\n)+$/);
    const result = v.parse(IdentifyResultSchema, JSON.parse(stdout));
    const written = RunFolder.open(folder);
    expect(result.run).toEqual(written.record());
    expect(result.context_dependence).toEqual(written.contextDependence());
    expect(result.run.results.tuned?.samples).toBe(2);
    expect(Object.values(result.context_dependence.ce).map(experts => experts.length)).toEqual([1, 1]);

    const report = path.join(folder, runFiles.report);
    const page = readFileSync(report, 'utf8');
    rmSync(report);
    expect(await runCli(['report', folder])).toEqual({ code: 0, stdout: `${report}\n`, stderr: '' });
    expect(readFileSync(report, 'utf8')).toBe(page);
  });

  it('ends soon after Ctrl-C, with a run that says that it was cancelled', async () => {
    const folder = path.join(scratch, 'cancelled');
    let interrupted: number | undefined;
    const args = [
      'identify',
      tiny,
      '--train',
      texts,
      '--max-steps',
      '1000000',
      '--threads',
      '1',
      '--out',
      folder,
    ];
    const { code, stdout, stderr } = await runCli(args, (_, child) => {
      if (interrupted !== undefined) return;
      interrupted = performance.now();
      child.kill('SIGINT');
    });
    expect(interrupted).toBeDefined();
    expect(performance.now() - (interrupted ?? 0)).toBeLessThan(3000);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('router-lens: Cancelled.');
    expect(RunFolder.open(folder).record()).toMatchObject({ status: 'cancelled', error: 'Cancelled.' });
    expect(existsSync(path.join(folder, runFiles.contextDependence))).toBe(false);
  });

  it('trains low-rank additions, writes merged routers only, and gives the same bits for the same seed', async () => {
    const run = (name: string, seed: string): Promise<RunFolder> =>
      identify(name, tiny, '--train', texts, '--parametrisation', 'lora', '--max-steps', '3', '--seed', seed);
    const [first, second, other] = await Promise.all([
      run('lora-1', '7'),
      run('lora-2', '7'),
      run('lora-3', '8'),
    ]);
    const bytes = (folder: RunFolder): Buffer => readFileSync(folder.file(runFiles.routers));
    expect(bytes(second).equals(bytes(first))).toBe(true);
    expect(bytes(other).equals(bytes(first))).toBe(false);
    const routers = SafetensorsFile.open(first.file(runFiles.routers));
    const names = [0, 1].map(layer => `model.layers.${layer}.mlp.gate.weight`);
    expect([...routers.tensors.keys()]).toEqual(names);
    for (const { shape } of routers.tensors.values())
      expect(shape).toEqual([tinyConfig.num_experts, tinyConfig.hidden_size]);
    // r (experts + hidden) weights in each of the two layers, r = 8.
    expect(first.record().results.trainable_parameters).toBe(2 * 8 * (4 + 16));
  });
});

describe.skipIf(!goldenIsPresent)(
  'identify on the golden checkpoint (skipped without the golden files)',
  () => {
    const golden = path.join(goldenFolder, 'olmoe');
    const swap = path.join(goldenFolder, '../datasets/nq-swap');

    it('goes through with real text and leaves a complete run', async () => {
      const limits = [
        '--limit-train',
        '24',
        '--limit-dev',
        '8',
        '--max-steps',
        '3',
        '--max-seq-length',
        '1200',
      ];
      const data = ['--train', path.join(swap, 'train.json'), '--dev', path.join(swap, 'dev.json')];
      const folder = await identify('nq-swap', golden, ...data, ...limits);
      expect(readdirSync(folder.path)).toEqual(
        expect.arrayContaining([
          ...[runFiles.run, runFiles.metrics, runFiles.contextDependence, runFiles.routers, runFiles.report],
        ]),
      );
      const { status, datasets, results } = folder.record();
      expect(status).toBe('done');
      expect(datasets.map(({ split, used, dropped }) => [split, used + dropped])).toEqual([
        ['train', 24],
        ['dev', 8],
      ]);
      expect(results.steps).toBe(3);
      const metrics = folder.metrics();
      expect(metrics.filter(line => 'split' in line).length).toBe(3);
      expect(trainingLosses(folder).every(Number.isFinite)).toBe(true);

      const { ratio, count, ce, samples } = folder.contextDependence();
      expect(samples).toBe(datasets[0].used);
      for (const side of [ratio.base, ratio.tuned]) {
        expect(Object.keys(side)).toEqual(['0', '1', '2']);
        for (const ratios of Object.values(side))
          expect(ratios.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      }
      const totals = [count.base, count.tuned].flatMap(side =>
        Object.values(side).map(counts => counts.reduce((sum, value) => sum + value, 0)),
      );
      expect(new Set(totals).size).toBe(1);
      expect(Object.values(ce).map(experts => experts.length)).toEqual([2, 2, 2]);
      expect(readFileSync(folder.file(runFiles.report), 'utf8')).toContain('id="report-data"');
    });

    it('replays the reference trajectory on tokenised samples', async () => {
      interface Training {
        losses: number[];
        steps: number;
        micro_batches: { input_ids: number[][]; lengths: number[]; answer_spans: [number, number][] }[];
      }
      const expected = goldenJson<Training>('olmoe/expected/train_rt.json');
      const samples = expected.micro_batches.flatMap(({ input_ids, lengths, answer_spans }) =>
        input_ids.map((ids, row) => ({
          input_ids: ids.slice(0, lengths[row]),
          answer_span: answer_spans[row],
        })),
      );
      const rows = expected.micro_batches[0].input_ids.length;
      const folder = await identify(
        ...(['replay', golden, '--train', write('tokens.json', { samples }), '--no-shuffle'] as const),
        ...['--batch-size', String(rows), '--max-steps', String(expected.steps)],
        ...['--lr', '1e-2', '--schedule', 'constant', '--clip', '0'],
      );
      expect(largestDifference(trainingLosses(folder), expected.losses)).toBeLessThanOrEqual(
        tolerance.trainingLoss,
      );
      const routers = SafetensorsFile.open(folder.file(runFiles.routers));
      const trained = goldenTensors('olmoe/expected/train_rt.safetensors');
      const names = [0, 1, 2].map(layer => [
        `layers.${layer}.router.weight`,
        `model.layers.${layer}.mlp.gate.weight`,
      ]);
      expectTrainedWeights(
        { family: 'olmoe', quantity: 'trained routers' },
        new Map(names.map(([canonical, stored]) => [canonical, routers.readFloat32(stored)])),
        trained,
      );
    });
  },
);
