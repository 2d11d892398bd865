/** @file What the charts by layer show of a prompt: attention to context and answer, what tuning gained, answer probability. */
import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import type { LineChartData, LineSeries } from '../shared/chart-data';
import { percent, quotedToken, relativeChange } from '../shared/format';
import { relativeGain } from './token-facts';

type Measure = 'attention_to_context' | 'attention_to_answer' | 'answer_probability';

const layers = { kind: 'lines', xName: t('layer'), tickPrefix: 'L' } as const;

/** The charts that this view has numbers for. */
export function layerChartData(view: RoutingView): LineChartData[] {
  const has = (measure: Measure): boolean => view.base[measure].length > 0;
  const charts: LineChartData[] = [];
  if (has('attention_to_context')) {
    charts.push(sides(view, 'attention_to_context', t('Attention to context')));
    if (view.tuned) charts.push(gain(view, 'attention_to_context', t('Context gain (CAG)')));
  }
  if (has('attention_to_answer')) {
    charts.push(sides(view, 'attention_to_answer', t('Attention to answer')));
    if (view.tuned) charts.push(gain(view, 'attention_to_answer', t('Answer gain (AAG)')));
  }
  if (has('answer_probability')) {
    const title =
      view.answer === undefined
        ? t('Answer probability (logit lens)')
        : t('Probability of {0} (logit lens)', quotedToken(view.answer));
    charts.push({ ...sides(view, 'answer_probability', title), suggestedMax: 0.01 });
  }
  return charts;
}

/** Why a chart is not there, in words; one line at most. */
export function missingCharts(view: RoutingView): string | undefined {
  if (view.base.attention_to_context.length === 0)
    return t(
      'This prompt has no context, so there is no attention to it. Trace a sample with a context to see it.',
    );
  if (view.base.attention_to_answer.length === 0)
    return t('The answer does not stand in a context of this prompt, so there is no attention to it.');
  return undefined;
}

function sides(view: RoutingView, measure: Measure, title: string): LineChartData {
  const series: LineSeries[] = [{ name: t('base'), tone: 'base', points: points(view.base[measure]) }];
  if (view.tuned) series.push({ name: t('tuned'), tone: 'tuned', points: points(view.tuned[measure]) });
  return { ...layers, title, format: percent, series };
}

/** Relative: (tuned − base) / base. */
function gain(view: RoutingView, measure: Measure, title: string): LineChartData {
  const values = relativeGain(view.base[measure], view.tuned?.[measure] ?? []);
  const series: LineSeries[] = [{ name: t('tuned over base'), tone: 'gain', points: points(values) }];
  return { ...layers, title, format: relativeChange, series };
}

function points(values: readonly (number | null)[]): { x: number; y: number | null }[] {
  return values.map((y, x) => ({ x, y }));
}
