/** @file `analyze forgetting`: what a tuned model still knows without a context. */
import type { TextSample } from '../../data/sample';
import { tokenizeSample } from '../../data/tokenized-sample';
import { barPanel } from '../../figures/bar-panel';
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Prediction } from '../../protocol/evaluation';
import type { LazyTokenizer, LoadedSample } from '../dataset';
import { scoreChange, scoresOf } from '../evaluate';
import { baseVariant, tunedVariant, variantNames } from '../variant';
import { type AnalysisJob, type AnalysisOutcome, intervalNote, onlyDataset } from './analysis-job';
import { answersOf, checkAnswered, percent, scoreBars, scoreCells, scoreColumns, scoreKey } from './answers';

type Result = AnalysisResultOf<'forgetting'>;

export async function analyseForgetting(job: AnalysisJob<'forgetting'>): Promise<AnalysisOutcome> {
  const { request, model, tokenizer } = job;
  const dataset = onlyDataset(job);
  checkAnswered(dataset);
  const questions = dataset.samples.flatMap(sample => closedBook(sample, tokenizer));
  const names = variantNames(request.runs, model);
  const tuned = request.runs.map((run, i) => ({ ...tunedVariant(run, model), name: names[i], run }));
  const variants: ((typeof tuned)[number] | ReturnType<typeof baseVariant>)[] = [
    baseVariant(model),
    ...tuned,
  ];
  const plan = job.plan(variants.map(({ name }) => name));
  const answers: Prediction[][] = [];
  for (const variant of variants) {
    answers.push(await plan.run(variant.name, hooks => answersOf(variant, tokenizer, questions, hooks)));
  }
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'forgetting',
    variants: variants.map((variant, i) => ({
      name: variant.name,
      ...('run' in variant ? { run: variant.run } : {}),
      scores: scoresOf(answers[i], request.seed),
      em_change: scoreChange(answers[0], answers[i], 'em', request.seed),
    })),
  };
  return { result, table: forgettingTable(result), figure: forgettingFigure(result) };
}

/** The question alone, with the true answer: in counterfactual data that is the original one. */
function closedBook({ source, index }: LoadedSample, tokenizer: LazyTokenizer): LoadedSample[] {
  if (!source) return [];
  const question: TextSample = {
    context: '',
    question: source.question,
    answers: source.originalAnswer === undefined ? source.answers : [source.originalAnswer],
  };
  return [{ ...tokenizeSample(tokenizer.get(), question), index, source: question }];
}

function forgettingTable({ variants }: Result): Table {
  return {
    columns: ['variant', ...scoreColumns, 'em_change', 'em_change_low', 'em_change_high'],
    rows: variants.map(({ name, scores, em_change: { value, low, high } }): Cell[] => [
      name,
      ...scoreCells(scores),
      value,
      low,
      high,
    ]),
  };
}

function forgettingFigure({ variants }: Result): string {
  return figure({
    title: 'Answers without a context',
    note: `What the model still knows after tuning: ${variants[0].scores.samples} closed-book questions; ${intervalNote}.`,
    key: scoreKey,
    panels: [
      barPanel({
        title: '',
        xName: 'percent',
        rows: variants.map(({ name, scores }) => ({ name, bars: scoreBars(scores) })),
        format: percent,
        atLeast: 100,
        width: 620,
      }),
    ],
  });
}
