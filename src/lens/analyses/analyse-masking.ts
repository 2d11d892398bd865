/** @file `analyze masking`: what is lost when experts are switched off (METHOD, Fig. 3). */
import path from 'node:path';

import { barPanel } from '../../figures/bar-panel';
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import type { Model } from '../../model/model';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { type ExpertList, SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Prediction } from '../../protocol/evaluation';
import { scoreChange, scoresOf } from '../evaluate';
import { checkedMask, randomExperts, readExpertList } from '../expert-list';
import { baseVariant, statisticsOf, tunedVariant, type Variant } from '../variant';
import { type AnalysisJob, type AnalysisOutcome, intervalNote, onlyDataset } from './analysis-job';
import { answersOf, checkAnswered, percent, scoreBars, scoreCells, scoreColumns, scoreKey } from './answers';

type Result = AnalysisResultOf<'masking'>;

interface Condition {
  readonly name: string;
  readonly masked: ExpertList;
  readonly variant: Variant;
}

/** @throws InputError if a mask leaves too few experts */
export async function analyseMasking(job: AnalysisJob<'masking'>): Promise<AnalysisOutcome> {
  const { request, model, tokenizer } = job;
  const dataset = onlyDataset(job);
  checkAnswered(dataset);
  const conditions = maskingConditions(job);
  const plan = job.plan(conditions.map(({ name }) => name));
  const answers: Prediction[][] = [];
  for (const { name, variant } of conditions) {
    answers.push(await plan.run(name, hooks => answersOf(variant, tokenizer, dataset.samples, hooks)));
  }
  const unmasked = answers[1];
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'masking',
    conditions: conditions.map(({ name, masked }, i) => ({
      name,
      masked,
      scores: scoresOf(answers[i], request.seed),
      em_change: scoreChange(unmasked, answers[i], 'em', request.seed),
    })),
  };
  return { result, table: maskingTable(result), figure: maskingFigure(result, model) };
}

/** Base, tuned, tuned with CE, OE, random and further lists masked. */
function maskingConditions({ request, model }: AnalysisJob<'masking'>): Condition[] {
  const tuned = tunedVariant(request.run, model);
  const { ce, oe, k } = statisticsOf(request.run, model, request.experts);
  const masked = (name: string, list: ExpertList, where: string): Condition => ({
    name: `${tuned.name}, ${name} masked`,
    masked: list,
    variant: { ...tuned, pass: { ...tuned.pass, mask: checkedMask(list, model, where) } },
  });
  const random = Array.from({ length: request.random }, (_, i) =>
    masked(`random ${i + 1}`, randomExperts(model.architecture, k, request.seed + i), 'random experts'),
  );
  return [
    { name: 'base', masked: {}, variant: baseVariant(model) },
    { name: tuned.name, masked: {}, variant: tuned },
    masked('OE', oe, request.experts ?? request.run),
    masked('CE', ce, request.experts ?? request.run),
    ...random,
    ...request.masks.map(file => masked(path.basename(file), readExpertList(file, model), file)),
  ];
}

function maskingTable({ conditions }: Result): Table {
  return {
    columns: ['condition', 'masked_experts', ...scoreColumns, 'em_change', 'em_change_low', 'em_change_high'],
    rows: conditions.map(({ name, masked, scores, em_change: { value, low, high } }): Cell[] => {
      const count = Object.values(masked).reduce((sum, experts) => sum + experts.length, 0);
      return [name, count, ...scoreCells(scores), value, low, high];
    }),
  };
}

function maskingFigure({ conditions }: Result, { checkpoint }: Model): string {
  return figure({
    title: 'Answers with experts switched off',
    note: `${checkpoint.name}, ${conditions[0].scores.samples} samples, greedy decoding; ${intervalNote}.`,
    key: scoreKey,
    panels: [
      barPanel({
        title: '',
        xName: 'percent',
        rows: conditions.map(({ name, scores }) => ({ name, bars: scoreBars(scores) })),
        format: percent,
        atLeast: 100,
        width: 620,
      }),
    ],
  });
}
