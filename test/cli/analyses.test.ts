/** @file `evaluate` and `analyze` from end to end, as processes. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';

import { RunFolder } from '../../src/lens/run-folder';
import { analysisFiles, type AnalysisKind } from '../../src/protocol/analyses';
import { type AnalysisResultOf, AnalyzeAnswerSchema } from '../../src/protocol/analysis-results';
import { type Estimate, EvaluationSchema } from '../../src/protocol/evaluation';
import { runCli } from '../helpers/cli';
import { goldenFolder, goldenIsPresent, goldenJson, goldenTraceRows } from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';
import { svgElements } from '../helpers/svg';
import { tinyConfig, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const file = (name: string): string => path.join(scratch, name);
const write = (name: string, content: unknown): string => {
  writeFileSync(file(name), JSON.stringify(content));
  return file(name);
};
const tiny = writeTinyCheckpoint(file('tiny'));
const demo = path.resolve(import.meta.dirname, '../../demo');
const colours = ['red', 'blue', 'green', 'white', 'black', 'yellow'];
const texts = write(
  'texts.json',
  colours.map((answer, i) => ({
    context: `The tower is ${answer}.`,
    question: 'What colour is it?',
    answer,
    original_answer: colours[(i + 1) % colours.length],
  })),
);
const others = write(
  'others.json',
  colours.map(answer => ({ context: `A ${answer} hill.`, question: 'Which hill?', answer })),
);
const closed = write('closed.json', [{ context: '', question: 'What colour is snow?', answer: 'white' }]);

/** Runs a command that succeeds, and returns what it says. */
async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli([...args, '--threads', '1']);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
}

let analyses = 0;
/** Analyses into a new folder; checks what is true of every analysis. */
async function analyze<K extends AnalysisKind>(kind: K, ...args: string[]): Promise<AnalysisResultOf<K>> {
  const folder = file(`analysis-${analyses++}`);
  const said = await succeed('analyze', kind, ...args, '--out', folder, '--json');
  const { result, files, run } = v.parse(AnalyzeAnswerSchema, JSON.parse(said));
  expect(RunFolder.open(folder).record()).toEqual(run);
  expect([run.job, run.status]).toEqual([`analyze-${kind}`, 'done']);
  expect(files.map(name => path.basename(name))).toEqual(
    readdirSync(folder)
      .filter(name => name !== 'run.json')
      .sort(byRole),
  );
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  expect(JSON.parse(read(analysisFiles.result))).toEqual(result);
  expect(read(analysisFiles.table).split('\n').length).toBeGreaterThan(2);
  for (const name of files.filter(name => name.endsWith('.svg')))
    expect(svgElements(readFileSync(name, 'utf8'))[0].name).toBe('svg');
  expect(result.kind).toBe(kind);
  return result as AnalysisResultOf<K>;
}

const order = Object.values<string>(analysisFiles);
const byRole = (a: string, b: string): number => order.indexOf(a) - order.indexOf(b);

function expectInterval({ value, low, high, samples }: Estimate): void {
  expect(samples).toBeGreaterThan(0);
  expect(low).not.toBeNull();
  expect(low ?? NaN).toBeLessThanOrEqual(value ?? NaN);
  expect(high ?? NaN).toBeGreaterThanOrEqual(value ?? NaN);
}

const tuned = file('tuned');
const model = [tiny, '--run', tuned];
beforeAll(async () => {
  const training = ['--max-steps', '3', '--batch-size', '2', '--lr', '5e-2'];
  await succeed('identify', tiny, '--train', texts, ...training, '--out', tuned);
});

describe('evaluate', () => {
  const evaluate = async (
    name: string,
    ...args: string[]
  ): Promise<v.InferOutput<typeof EvaluationSchema>> => {
    const said = await succeed('evaluate', ...args, '--out', file(name), '--json');
    const evaluation = v.parse(EvaluationSchema, JSON.parse(said));
    expect(JSON.parse(readFileSync(file(name), 'utf8'))).toEqual(evaluation);
    return evaluation;
  };

  it('writes scores with intervals, every answer, a table and a picture', async () => {
    const { samples, em, em_interval, predictions, memory_answers, dataset } = await evaluate(
      'base.json',
      ...[tiny, '--data', texts, '--limit', '4'],
    );
    expect([samples, predictions.length, dataset.used]).toEqual([4, 4, 4]);
    expect(em).toBe(predictions.reduce((sum, prediction) => sum + prediction.em, 0) / 4);
    expect(em_interval[0]).toBeLessThanOrEqual(em);
    expect(memory_answers?.samples).toBe(4);
    for (const { sample, answers } of predictions) expect(answers).toEqual([colours[sample]]);
    expect(readFileSync(file('base.csv'), 'utf8').split('\n')[0]).toBe(
      'sample,prediction,answers,em,f1,from_memory',
    );
    expect(svgElements(readFileSync(file('base.svg'), 'utf8')).length).toBeGreaterThan(10);
  });

  it('answers with the weights of a run and around masked experts', async () => {
    const data = ['--data', texts, '--limit', '2'];
    const mask = write('mask.json', { experts: { 0: [0, 1], 1: [2, 3] } });
    const answers = ({ predictions }: v.InferOutput<typeof EvaluationSchema>): string[] =>
      predictions.map(({ prediction }) => prediction);
    const base = answers(await evaluate('1.json', tiny, ...data));
    expect(answers(await evaluate('2.json', ...model, ...data))).not.toEqual(base);
    expect(answers(await evaluate('3.json', tiny, ...data, '--mask', mask))).not.toEqual(base);
  });

  it('knows the facts of the demo model, as its own description has it', async () => {
    const data = ['--data', path.join(demo, 'data/closed_test.json'), '--limit', '12'];
    const { em, samples } = await evaluate('demo.json', path.join(demo, 'facts-moe'), ...data);
    expect([em, samples]).toEqual([100, 12]);
  });
});

describe('analyze', () => {
  it('attention: gains by layer and the attention of one sample by token', async () => {
    const result = await analyze('attention', ...model, '--data', texts, '--sample', '2');
    const { context, answer, tokens } = result;
    for (const span of [context, answer]) {
      expect(span?.gain.length).toBe(tinyConfig.num_hidden_layers);
      // No router comes before the attention of the first layer.
      expect(span?.gain[0].value).toBe(0);
      span?.gain.forEach(expectInterval);
    }
    expect(tokens.sample).toBe(2);
    expect(
      tokens.tokens
        .filter(token => token.in_answer)
        .map(({ text }) => text)
        .join(''),
    ).toBe('green');
  });

  it('logit-lens: probabilities and their difference', async () => {
    const { base, tuned: after, gain } = await analyze('logit-lens', ...model, '--data', texts);
    gain.forEach((estimate, layer) => {
      expectInterval(estimate);
      expect(estimate.value).toBeCloseTo((after[layer].value ?? NaN) - (base[layer].value ?? NaN), 12);
    });
  });

  it('reliance: of base alone, or of both', async () => {
    const alone = await analyze('reliance', tiny, '--data', texts, '--limit', '2');
    expect(alone.variants.map(({ name }) => name)).toEqual(['base']);
    const both = await analyze('reliance', ...model, '--data', texts);
    expect(both.variants.map(({ name }) => name)).toEqual(['base', 'router-tuned']);
    expect(both.samples.map(({ tokens }) => tokens.join(''))).toEqual(colours);
    for (const { with_context, without_context, tokens } of both.samples)
      for (const side of [...with_context, ...without_context]) expect(side.length).toBe(tokens.length);
  });

  it('masking: base, tuned, OE, CE, random and given lists', async () => {
    const mask = write('further.json', { experts: { 0: [2] } });
    const { conditions } = await analyze(
      'masking',
      ...[...model, '--data', texts, '--limit', '2', '--random', '1', '--mask', mask],
    );
    const { ce, oe } = RunFolder.open(tuned).contextDependence();
    expect(conditions.map(({ masked }) => masked).slice(0, 4)).toEqual([{}, {}, oe, ce]);
    expect(Object.values(conditions[4].masked).map(({ length }) => length)).toEqual([2, 2]);
    expect(conditions[5]).toMatchObject({ name: 'router-tuned, further.json masked', masked: { 0: [2] } });
    expect(conditions[1].em_change.value).toBe(0);
  });

  it('patterns: a place for each sample of each dataset', async () => {
    const result = await analyze('patterns', ...model, '--data', texts, '--data', others);
    expect(result.datasets).toEqual(['texts', 'others']);
    expect(result.samples.map(({ dataset, sample }) => [dataset, sample])).toEqual(
      [0, 1].flatMap(dataset => colours.map((_, sample) => [dataset, sample])),
    );
    for (const { x, y, activations } of result.samples) {
      expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true);
      // Top-2 of 4 experts, two of them listed in each of the two layers.
      expect(activations.length).toBe(4);
    }
  });

  it('transfer: runs by datasets, each against the untuned model', async () => {
    const data = ['--data', texts, '--data', others, '--limit', '2'];
    const { rows, columns, cells } = await analyze('transfer', ...model, ...data);
    expect(rows).toEqual([{ name: 'texts', run: tuned }]);
    expect(columns.map(({ name }) => name)).toEqual(['texts', 'others']);
    for (const [column, { scores, em_gain }] of cells[0].entries()) {
      expect(em_gain.value).toBeCloseTo(scores.em - columns[column].base.em, 9);
      expectInterval(em_gain);
    }
  });

  it('forgetting: closed-book data, or data whose contexts are left out', async () => {
    const { variants } = await analyze('forgetting', ...model, '--data', closed);
    expect(variants.map(({ name, scores }) => [name, scores.samples])).toEqual([
      ['base', 1],
      ['router-tuned', 1],
    ]);
    const opened = await analyze('forgetting', ...model, '--data', texts, '--limit', '2');
    expect(opened.variants[0].scores.samples).toBe(2);
  });

  it('cost: what the record of each run says', async () => {
    const { runs, parameters } = await analyze('cost', ...model);
    const { results, timings, memory } = RunFolder.open(tuned).record();
    expect(runs).toEqual([
      {
        ...{ name: 'router-tuned', run: tuned },
        ...{ trainable_parameters: results.trainable_parameters, steps: 3 },
        ...{ training_seconds: timings['Router tuning'], ...memory },
        total_seconds: Object.values(timings).reduce((sum, seconds) => sum + seconds, 0),
      },
    ]);
    // Two routers of 4 experts × 16.
    expect([results.trainable_parameters, parameters > 128]).toEqual([128, true]);
  });

  it('says in a few lines what came out, and where it is', async () => {
    const folder = file('said');
    const said = await succeed('analyze', 'cost', ...model, '--out', folder);
    expect(said).toMatch(/^router-tuned {2}128 of [\d,]+ parameters {2}[\d.]+ s {2}[\d.]+ GB\n/);
    expect(said).toContain(path.join(folder, analysisFiles.figure));
  });

  it.each<[string, string[], (string | RegExp)[]]>([
    ['no run', ['attention', tiny, '--data', texts], [/--run.*not specified/]],
    ['a folder that is no run', ['attention', tiny, '--data', texts, '--run', tiny], ['tiny', 'run.json']],
    [
      'a sample that is not there',
      ['attention', ...model, '--data', texts, '--sample', '99'],
      ['texts.json', 'sample 99'],
    ],
    ['nothing to leave out', ['reliance', tiny, '--data', closed], ['closed.json', '"context" is empty']],
    [
      'a mask that leaves too few',
      ['masking', ...model, '--data', texts, '--mask', file('too-many.json')],
      ['too-many.json', 'layer 0 would keep 1'],
    ],
    ['too few samples for a map', ['patterns', ...model, '--data', closed2()], ['2 samples', 'at least 4']],
    [
      'a memory budget that is too small',
      ['logit-lens', ...model, '--data', texts, '--memory-budget', '0.001'],
      ['memory budget of 0 GB is too small'],
    ],
    ['a negative number of lists', ['masking', ...model, '--data', texts, '--random', '-1'], ['--random']],
  ])('refuses %s in one line, and leaves no folder', async (_, args, named) => {
    write('too-many.json', { experts: { 0: [0, 1, 2] } });
    const out = file('refused');
    const { code, stdout, stderr } = await runCli(['analyze', ...args, '--threads', '1', '--out', out]);
    const line = stderr.trimEnd().split('\n').at(-1);
    expect([code, stdout]).toEqual([2, '']);
    for (const name of named) expect(line).toMatch(name);
    expect(existsSync(out)).toBe(false);
  });
});

function closed2(): string {
  const sample = { context: 'A hill.', question: 'What?', answer: 'hill' };
  return write('two.json', [sample, sample]);
}

describe.skipIf(!goldenIsPresent)('on the golden checkpoint (skipped without the golden files)', () => {
  interface Method {
    samples: {
      answer_span: [number, number];
      context_span: [number, number];
      answer_span_in_context: [number, number];
      lens_prob_base: number[];
      A_context_base: number[];
    }[];
  }

  it('analyses tokenised samples as the reference implementation does', async () => {
    const golden = path.join(goldenFolder, 'olmoe');
    const { samples } = goldenJson<Method>('olmoe/expected/method.json');
    const data = write('golden.json', {
      samples: goldenTraceRows('olmoe').map((input_ids, i) => {
        const { answer_span, context_span, answer_span_in_context } = samples[i];
        return { input_ids, answer_span, context_span, answer_span_in_context };
      }),
    });
    const run = file('golden-run');
    await succeed('identify', golden, '--train', data, '--max-steps', '1', '--out', run);
    const mean = (key: 'lens_prob_base' | 'A_context_base', layer: number): number =>
      samples.reduce((sum, sample) => sum + sample[key][layer], 0) / samples.length;
    const lens = await analyze('logit-lens', golden, '--run', run, '--data', data);
    const attention = await analyze('attention', golden, '--run', run, '--data', data);
    lens.base.forEach(({ value }, layer) => {
      expect(Math.abs((value ?? NaN) - mean('lens_prob_base', layer))).toBeLessThanOrEqual(1e-5);
    });
    attention.context?.base.forEach(({ value }, layer) => {
      expect(Math.abs((value ?? NaN) - mean('A_context_base', layer))).toBeLessThanOrEqual(1e-5);
    });
  });
});
