/** @file `analyze attention`: context and answer attention gain by layer and, for one sample, by token. */
import { InputError } from '../../common/errors';
import { type Cell, csv, type Table } from '../../figures/csv';
import { figure, type Panel } from '../../figures/figure';
import { linePanel } from '../../figures/line-panel';
import { baseColour, baseDash, blue, vermilion } from '../../figures/style';
import { analysisFiles } from '../../protocol/analyses';
import { type AnalysisResultOf, type SpanAttention } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Dataset, LoadedSample } from '../dataset';
import { baseVariant, tunedVariant } from '../variant';
import {
  type AnalysisJob,
  type AnalysisOutcome,
  estimateCells,
  estimateColumns,
  intervalNote,
  onlyDataset,
} from './analysis-job';
import { attentionGain, promptAttention } from './attention';
import { tokenAttention, tokenFigure, tokenTable } from './token-attention';

const passes = {
  base: 'Attention before tuning',
  tuned: 'Attention after tuning',
  tokens: 'Attention by token',
};

/** @throws InputError if no sample says where its context is, or the one asked for is not there */
export async function analyseAttention(job: AnalysisJob<'attention'>): Promise<AnalysisOutcome> {
  const { request, model } = job;
  const dataset = onlyDataset(job);
  const shown = shownSample(dataset, request.data, request.sample);
  const [base, tuned] = [baseVariant(model), tunedVariant(request.run, model)];
  const plan = job.plan(Object.values(passes));
  const before = await plan.run(passes.base, hooks => promptAttention(base, dataset.samples, hooks));
  const after = await plan.run(passes.tuned, hooks => promptAttention(tuned, dataset.samples, hooks));
  const tokens = await plan.run(passes.tokens, hooks => tokenAttention(base, tuned, shown, hooks));
  const result: AnalysisResultOf<'attention'> = {
    schema_version: SCHEMA_VERSION,
    kind: 'attention',
    ...attentionGain(before, after, request.seed),
    tokens,
  };
  return {
    result,
    table: attentionTable(result),
    figure: attentionFigure(result, tuned.name),
    more: {
      [analysisFiles.tokensTable]: csv(tokenTable(tokens)),
      [analysisFiles.tokensFigure]: tokenFigure(tokens, layerOfLargestGain(result)),
    },
  };
}

function shownSample({ samples }: Dataset, file: string, index: number | undefined): LoadedSample {
  if (!samples.some(({ spans }) => spans.context)) {
    throw new InputError(`${file}: no sample says where its context is, so attention to it is not known.`);
  }
  const found = samples.find(sample => index === undefined || sample.index === index);
  if (found) return found;
  throw new InputError(
    `${file}: sample ${index} is not among those used. Choose another, or raise --limit or --max-seq-length.`,
  );
}

/** The layer whose attention to the context grew most. */
function layerOfLargestGain({ context, tokens }: AnalysisResultOf<'attention'>): number {
  const gains = (context?.gain ?? []).map(({ value }) => value ?? -Infinity);
  return gains.length === 0 ? tokens.base.length - 1 : gains.indexOf(Math.max(...gains));
}

function attentionTable({ context, answer }: AnalysisResultOf<'attention'>): Table {
  const rows = (span: string, found: SpanAttention | undefined): Cell[][] =>
    Object.entries(found ?? {}).flatMap(([quantity, estimates]) =>
      estimates.map((estimate, layer) => [span, quantity, layer, ...estimateCells(estimate)]),
    );
  return {
    columns: ['span', 'quantity', 'layer', ...estimateColumns],
    rows: [...rows('context', context), ...rows('answer', answer)],
  };
}

function attentionFigure({ context, answer }: AnalysisResultOf<'attention'>, tunedName: string): string {
  const panels = (name: string, short: string, found: SpanAttention | undefined): Panel[] =>
    found
      ? [
          linePanel({
            title: `Attention to the ${name}`,
            xName: 'layer',
            yName: 'share of attention',
            series: [
              { colour: baseColour, dash: baseDash, estimates: found.base },
              { colour: blue, estimates: found.tuned },
            ],
            width: 330,
          }),
          linePanel({
            title: `${short}: gain of the attention to the ${name}`,
            xName: 'layer',
            yName: '(tuned − base) / base',
            series: [{ colour: vermilion, estimates: found.gain }],
            width: 330,
          }),
        ]
      : [];
  return figure({
    title: 'Attention gain by layer',
    note: `From the last prompt token, mean over heads, sum over tokens, mean over ${context?.base[0].samples ?? 0} samples; ${intervalNote}.`,
    key: [
      { name: 'base', colour: baseColour, dash: baseDash },
      { name: tunedName, colour: blue },
      { name: 'gain', colour: vermilion },
    ],
    panels: [...panels('context', 'CAG', context), ...panels('answer in it', 'AAG', answer)],
  });
}
