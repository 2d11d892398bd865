/** @file `finetune` from end to end, as processes; and what is done with its runs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';

import { RunFolder } from '../../src/lens/run-folder';
import { AnalyzeAnswerSchema } from '../../src/protocol/analysis-results';
import { type MetricLine, runFiles } from '../../src/protocol/artifacts';
import { EvaluationSchema } from '../../src/protocol/evaluation';
import { FinetuneResultSchema } from '../../src/protocol/finetune';
import { runCli } from '../helpers/cli';
import { killedAndResumed } from '../helpers/killed-run';
import { scratchFolder } from '../helpers/scratch';
import { writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const file = (name: string): string => path.join(scratch, name);
const tiny = writeTinyCheckpoint(file('tiny'));
const colours = ['red', 'blue', 'green', 'white', 'black', 'yellow'];
const texts = file('texts.json');
writeFileSync(
  texts,
  JSON.stringify(
    colours.map(answer => ({ context: `The tower is ${answer}.`, question: 'What colour?', answer })),
  ),
);
const identified = file('identified');
const experts = path.join(identified, runFiles.contextDependence);

/** Runs a command that succeeds, and returns what it says. */
async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli([...args, '--threads', '1']);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
}

const training = ['--train', texts, '--batch-size', '2', '--lr', '1e-2'];
const finetune = (name: string, ...more: string[]): string[] => [
  ...['finetune', tiny, ...training, '--out', file(name)],
  ...more,
];

beforeAll(async () => {
  await succeed('identify', tiny, ...training, '--max-steps', '2', '--out', identified);
});

describe('finetune', () => {
  it('answers with a result that says what is in the run folder', async () => {
    const said = await succeed(
      ...finetune('json', '--method', 'ceft', '--experts', experts, '--max-steps', '2', '--json'),
    );
    const result = v.parse(FinetuneResultSchema, JSON.parse(said));
    const folder = RunFolder.open(file('json'));
    expect(result).toEqual({
      run_folder: folder.path,
      run: folder.record(),
      weights: folder.file(runFiles.experts),
      report: folder.file(runFiles.report),
    });
    expect(result.run.experts).toEqual(RunFolder.open(identified).contextDependence().ce);
    expect(readFileSync(result.report, 'utf8')).toContain('id="report-data"');
    expect(existsSync(result.weights)).toBe(true);
  });

  it('says in a few lines what came out', async () => {
    const data = ['--dev', texts, '--test', texts, '--limit-test', '2', '--select', 'em'];
    const said = await succeed(...finetune('said', '--method', 'rt', '--max-steps', '2', ...data));
    expect(said).toMatch(
      new RegExp(
        [
          String.raw`^base {11}EM [\d.]+ {2}F1 [\d.]+ {2}\(2 answers\)`,
          String.raw`router-tuned {3}EM [\d.]+ {2}F1 [\d.]+ {2}\(2 answers\)`,
          String.raw`trained {8}128 of [\d,]+ parameters, 2 steps; best after [12], dev loss [\d.]+, dev EM [\d.]+`,
          String.raw`weights {8}\S+routers\.safetensors\nrun {12}\S+said\nreport {9}\S+report\.html\n$`,
        ].join('\n'),
      ),
    );
  });

  it('ends soon after Ctrl-C, with a run that says that it was cancelled', async () => {
    const args = finetune('cancelled', '--method', 'fft', '--max-steps', '1000000', '--threads', '1');
    let interrupted = false;
    const { code, stdout, stderr } = await runCli(args, (_, child) => {
      if (!interrupted) child.kill('SIGINT');
      interrupted = true;
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('router-lens: Cancelled.');
    expect(RunFolder.open(file('cancelled')).record()).toMatchObject({ status: 'cancelled' });
  });
});

describe('a run that is killed again and again, and resumed', () => {
  /** Without what depends on the clock. */
  const measured = (folder: RunFolder): Partial<MetricLine>[] =>
    folder.metrics().map(line => ({ ...line, tokens_per_s: 0, memory: 0 }));

  const steps = 100;
  // A dozen processes: long enough for a machine that has other things to do.
  const timeout = 300_000;
  it.each<[string, string, string[]]>([
    ['ceft', runFiles.experts, ['--experts', experts, '--dev', texts, '--weight-decay', '0.01']],
    ['fft', path.join(runFiles.adapter, 'adapter_model.safetensors'), ['--parametrisation', 'lora']],
  ])('%s: ends with the same bits as one that is not', { timeout }, async (method, weights, more) => {
    const args = ['--method', method, '--max-steps', String(steps), '--checkpoint-every', '7', ...more];
    const name = (kind: string): string => `${kind}-${method}`;
    await succeed(...finetune(name('whole'), ...args, '--test', texts));
    const folder = file(name('killed'));
    await killedAndResumed({
      start: [...finetune(name('killed'), ...args, '--test', texts), '--threads', '1'],
      resume: ['finetune', tiny, '--resume', folder],
      folder,
      steps,
      kills: 2, // five in the long tests
      seed: 11,
    });
    const [whole, killed] = [file(name('whole')), folder].map(run => RunFolder.open(run));
    expect(readFileSync(killed.file(weights)).equals(readFileSync(whole.file(weights)))).toBe(true);
    expect(measured(killed)).toEqual(measured(whole));
    expect(killed.record().results).toEqual(whole.record().results);
    expect(killed.record().status).toBe('done');
  });
});

describe('runs of finetune wherever a run is taken', () => {
  const runs = {
    ceft: file('ceft-whole'),
    'ceft by LoRA': file('ceft-lora'),
    'rt by LoRA': file('rt-lora'),
    fft: file('fft-whole'),
  };
  beforeAll(async () => {
    const quick = ['--max-steps', '3', '--lr', '5e-2'];
    const lora = ['--parametrisation', 'lora', ...quick];
    const ceft = ['--method', 'ceft', '--experts', experts];
    await succeed(...finetune('ceft-whole', ...ceft, ...quick));
    await succeed(...finetune('ceft-lora', ...ceft, ...lora));
    await succeed(...finetune('rt-lora', '--method', 'rt', ...lora));
    await succeed(...finetune('fft-whole', '--method', 'fft', ...quick));
  });

  let outputs = 0;
  const out = (extension = ''): string[] => ['--out', file(`out-${outputs++}${extension}`)];
  const answersOf = async (...more: string[]): Promise<string> => {
    const said = await succeed('evaluate', tiny, '--data', texts, ...more, ...out('.json'), '--json');
    return v
      .parse(EvaluationSchema, JSON.parse(said))
      .predictions.map(({ prediction }) => prediction)
      .join('|');
  };

  it('evaluate and trace use their weights', async () => {
    const base = await answersOf();
    const prompt = file('prompt.txt');
    writeFileSync(prompt, 'The tower is red.');
    const traced = async (...more: string[]): Promise<Buffer> => {
      const [option, target] = out('.safetensors');
      const inputs = ['--prompt', prompt, '--with', 'logits', ...more];
      await succeed('trace', tiny, ...inputs, option, target);
      return readFileSync(target);
    };
    const baseTrace = await traced();
    for (const run of Object.values(runs)) {
      expect(await answersOf('--run', run)).not.toBe(base);
      expect((await traced('--run', run)).equals(baseTrace)).toBe(false);
    }
  });

  it.each([
    ['attention', ['--data', texts]],
    ['logit-lens', ['--data', texts]],
    ['reliance', ['--data', texts]],
    ['masking', ['--data', texts, '--limit', '2', '--random', '1']],
    ['patterns', ['--data', texts]],
  ])('analyze %s', async (kind, args) => {
    for (const run of [runs.ceft, runs['ceft by LoRA']])
      await succeed('analyze', kind, tiny, '--run', run, ...args, ...out());
  });

  it('analyses by experts of a run that has not chosen any', async () => {
    const args = ['analyze', 'patterns', tiny, '--run', runs.fft, '--data', texts, '--threads', '1'];
    await succeed(...args, '--experts', experts, ...out());
    const { code, stderr } = await runCli([...args, ...out()]);
    expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      expect.stringMatching(/fft-whole: does not say which experts .*identify \(--experts\)\.$/),
    ]);
  });

  it('analyze transfer, forgetting and cost name them by method and parametrisation', async () => {
    const several = Object.values(runs).flatMap(run => ['--run', run]);
    await succeed('analyze', 'transfer', tiny, ...several, '--data', texts, '--limit', '2', ...out());
    const forgetting = ['analyze', 'forgetting', tiny, ...several, '--data', texts, '--limit', '2'];
    await succeed(...forgetting, ...out());
    const said = await succeed('analyze', 'cost', tiny, ...several, ...out(), '--json');
    const { result } = v.parse(AnalyzeAnswerSchema, JSON.parse(said));
    if (result.kind !== 'cost') throw new Error(`a result of ${result.kind}`);
    expect(result.runs.map(({ name }) => name)).toEqual([
      'CEFT',
      'CEFT by LoRA',
      'router-tuned by LoRA',
      'FFT',
    ]);
    for (const { run, trainable_parameters, training_seconds } of result.runs) {
      const { results, timings } = RunFolder.open(run).record();
      expect([trainable_parameters, training_seconds]).toEqual([
        results.trainable_parameters,
        timings['Fine-tuning'],
      ]);
    }
  });
});
