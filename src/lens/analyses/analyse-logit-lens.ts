/** @file `analyze logit-lens`: answer probability by layer and its gain (APG). */
import type { Cell, Table } from '../../figures/csv';
import { baseAndTuned, figure } from '../../figures/figure';
import { linePanel } from '../../figures/line-panel';
import { baseColour, baseDash, blue, vermilion } from '../../figures/style';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { baseVariant, tunedVariant } from '../variant';
import {
  type AnalysisJob,
  type AnalysisOutcome,
  estimateCells,
  estimateColumns,
  intervalNote,
  onlyDataset,
} from './analysis-job';
import { answerProbabilities, answerProbabilityGain } from './logit-lens';

const passes = { base: 'Logit lens before tuning', tuned: 'Logit lens after tuning' };

export async function analyseLogitLens(job: AnalysisJob<'logit-lens'>): Promise<AnalysisOutcome> {
  const { request, model } = job;
  const { samples } = onlyDataset(job);
  const [base, tuned] = [baseVariant(model), tunedVariant(request.run, model)];
  const plan = job.plan(Object.values(passes));
  const before = await plan.run(passes.base, hooks => answerProbabilities(base, samples, hooks));
  const after = await plan.run(passes.tuned, hooks => answerProbabilities(tuned, samples, hooks));
  const result = answerProbabilityGain(before, after, request.seed);
  return { result, table: lensTable(result), figure: lensFigure(result, tuned.name) };
}

function lensTable(result: AnalysisResultOf<'logit-lens'>): Table {
  return {
    columns: ['quantity', 'layer', ...estimateColumns],
    rows: (['base', 'tuned', 'gain'] as const).flatMap(quantity =>
      result[quantity].map((estimate, layer): Cell[] => [quantity, layer, ...estimateCells(estimate)]),
    ),
  };
}

function lensFigure({ base, tuned, gain }: AnalysisResultOf<'logit-lens'>, tunedName: string): string {
  return figure({
    title: 'Answer probability by layer',
    note: `Of the first answer token at the last prompt token, by final norm and head after each layer; ${base[0].samples} samples, ${intervalNote}.`,
    key: [...baseAndTuned(tunedName, blue), { name: 'gain', colour: vermilion }],
    panels: [
      linePanel({
        title: 'Answer probability',
        xName: 'layer',
        yName: 'probability',
        series: [
          { colour: baseColour, dash: baseDash, estimates: base },
          { colour: blue, estimates: tuned },
        ],
      }),
      linePanel({
        title: 'APG: gain of the answer probability',
        xName: 'layer',
        yName: 'tuned − base',
        series: [{ colour: vermilion, estimates: gain }],
      }),
    ],
  });
}
