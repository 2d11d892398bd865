/** @file `evaluate`: answers to a dataset, their scores, and a picture of these. */
import path from 'node:path';

import { writeFileAtomically, writeJsonAtomically } from '../common/atomic-file';
import { barPanel } from '../figures/bar-panel';
import { csv, type Table } from '../figures/csv';
import { figure } from '../figures/figure';
import { blue } from '../figures/style';
import { tunedBytes } from '../model/tuned-weights';
import type { EvaluateRequest } from '../protocol/analyses';
import { SCHEMA_VERSION } from '../protocol/artifacts';
import type { Evaluation, EvaluationAnswer } from '../protocol/evaluation';
import type { JobHooks } from '../protocol/jobs';
import { checkEvaluationMemory, Passes } from './analyses/analysis-job';
import { checkAnswered, percent } from './analyses/answers';
import { LazyTokenizer, loadDataset } from './dataset';
import { engineRecord } from './engine-record';
import { predictAnswers, scoresOf } from './evaluate';
import { readMask } from './expert-list';
import { modelIdentity } from './inspect';
import { openModel } from './open-model';
import { baseVariant, tunedVariant } from './variant';

/**
 * Writes `out` (JSON) and beside it a table of the answers (CSV) and a picture of the scores (SVG).
 * @throws InputError, CancelledError
 */
export async function evaluate(request: EvaluateRequest, hooks: JobHooks = {}): Promise<EvaluationAnswer> {
  const { seed, limit, max_seq_length: maxLength } = request;
  const model = await openModel(request.model, request.engine, hooks);
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const variant = request.run === undefined ? baseVariant(model) : tunedVariant(request.run, model);
    const mask = request.mask === undefined ? undefined : readMask(request.mask, model);
    const options = { seed, limit, maxLength, allowEmptyContext: true };
    const dataset = loadDataset('data', request.data, tokenizer, options);
    checkAnswered(dataset);
    checkEvaluationMemory(model, dataset.samples, tunedBytes(variant.model.tuned));
    const passes = new Passes(['Answers'], hooks);
    const started = performance.now();
    const predictions = await passes.run('Answers', passHooks =>
      predictAnswers(variant.model, tokenizer, dataset.samples, {
        ...variant.pass,
        ...(mask && { mask }),
        ...passHooks,
      }),
    );
    const evaluation: Evaluation = {
      schema_version: SCHEMA_VERSION,
      ...scoresOf(predictions, seed),
      settings: {
        run: request.run,
        mask: request.mask,
        seed,
        limit,
        max_seq_length: maxLength,
        ...request.engine,
      },
      model: modelIdentity(model.checkpoint),
      dataset: dataset.identity,
      engine: engineRecord(model),
      seconds: (performance.now() - started) / 1000,
      predictions,
    };
    return { evaluation, files: writeEvaluation(request.out, evaluation, variant.name) };
  } finally {
    await model.release();
  }
}

function writeEvaluation(file: string, evaluation: Evaluation, variant: string): string[] {
  const stem = path.join(path.dirname(file), path.parse(file).name);
  writeJsonAtomically(file, evaluation);
  writeFileAtomically(`${stem}.csv`, csv(predictionTable(evaluation)));
  writeFileAtomically(`${stem}.svg`, scoreFigure(evaluation, variant));
  return [file, `${stem}.csv`, `${stem}.svg`];
}

function predictionTable({ predictions }: Evaluation): Table {
  return {
    columns: ['sample', 'prediction', 'answers', 'em', 'f1', 'from_memory'],
    rows: predictions.map(({ sample, prediction, answers, em, f1, from_memory }) => [
      sample,
      prediction,
      answers.join(' | '),
      em,
      f1,
      from_memory,
    ]),
  };
}

function scoreFigure(evaluation: Evaluation, variant: string): string {
  const { em, em_interval, f1, f1_interval, memory_answers: memory, model, dataset, samples } = evaluation;
  const row = (name: string, value: number, interval: readonly [number, number]) => ({
    name,
    bars: [{ colour: blue, value, interval }],
  });
  return figure({
    title: `${model.name}, ${variant}: answers to ${path.basename(dataset.path)}`,
    note: `${samples} answers by greedy decoding; 95 % bootstrap intervals.`,
    panels: [
      barPanel({
        title: '',
        xName: 'percent',
        rows: [
          row('exact match', em, em_interval),
          row('F1', f1, f1_interval),
          ...(memory ? [row('from memory', memory.value ?? 0, [memory.low ?? 0, memory.high ?? 0])] : []),
        ],
        format: percent,
        atLeast: 100,
        width: 620,
      }),
    ],
  });
}
