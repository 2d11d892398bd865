/** @file The charts of a training, from the lines of `metrics.jsonl`. */
import { t } from '@vscode/l10n';

import type { EvaluationLine, MetricLine, TrainingLine } from '../../src/protocol/artifacts';
import type { LineChartData, LineSeries } from './chart-data';
import { bytes, integer } from './format';

export const curveNames = [
  'loss',
  'answers',
  'learning-rate',
  'gradient-norm',
  'speed',
  'memory',
  'load-balancing',
] as const;
export type CurveName = (typeof curveNames)[number];

/** A chart and where it gets its series. */
interface Curve {
  title: () => string;
  format: (value: number) => string;
  series: (steps: readonly TrainingLine[], evaluations: readonly EvaluationLine[]) => LineSeries[];
}

const curves: Record<CurveName, Curve> = {
  loss: {
    title: () => t('Loss by step, nats'),
    format: loss => loss.toFixed(2),
    series: (steps, evaluations) => [
      ofSteps(t('training batch'), 'base', steps, ({ loss }) => loss),
      ...bySplit(evaluations, '', 'gain', ({ loss }) => loss),
    ],
  },
  answers: {
    title: () => t('Answers by step, percent'),
    format: score => score.toFixed(1),
    series: (_, evaluations) => [
      ...bySplit(evaluations, 'EM', 0, ({ em }) => em),
      ...bySplit(evaluations, 'F1', 1, ({ f1 }) => f1),
    ],
  },
  'learning-rate': {
    title: () => t('Learning rate'),
    format: rate => (rate === 0 ? '0' : rate.toExponential(1)),
    series: steps => [ofSteps(t('learning rate'), 'tuned', steps, ({ lr }) => lr)],
  },
  'gradient-norm': {
    title: () => t('Gradient norm, before clipping'),
    format: norm => norm.toPrecision(2),
    series: steps => [ofSteps(t('gradient norm'), 'tuned', steps, ({ grad_norm }) => grad_norm)],
  },
  speed: {
    title: () => t('Tokens per second'),
    format: integer,
    series: steps => [ofSteps(t('tokens/s'), 'tuned', steps, ({ tokens_per_s }) => tokens_per_s)],
  },
  memory: {
    title: () => t('Memory in use'),
    format: bytes,
    series: steps => [ofSteps(t('memory'), 'tuned', steps, ({ memory }) => memory)],
  },
  'load-balancing': {
    title: () => t('Load-balancing loss'),
    format: loss => loss.toFixed(3),
    series: steps => [ofSteps(t('load balancing'), 'tuned', steps, ({ load_balancing }) => load_balancing)],
  },
};

/**
 * @param end the step that the training ends with, where it is known: the axis reaches so far
 * @returns the charts that there are numbers for
 */
export function trainingCharts(lines: readonly MetricLine[], end?: number): Map<CurveName, LineChartData> {
  const steps = lines.filter(isStep);
  const evaluations = lines.filter(isEvaluation);
  const charts = new Map<CurveName, LineChartData>();
  for (const name of curveNames) {
    const { title, format, series } = curves[name];
    const known = series(steps, evaluations).filter(({ points }) => points.length > 0);
    if (known.length > 0)
      charts.set(name, { kind: 'lines', title: title(), xName: t('step'), xEnd: end, format, series: known });
  }
  return charts;
}

export function isEvaluation(line: MetricLine): line is EvaluationLine {
  return 'split' in line;
}

export function isStep(line: MetricLine): line is TrainingLine {
  return !isEvaluation(line);
}

function ofSteps(
  name: string,
  tone: LineSeries['tone'],
  lines: readonly TrainingLine[],
  quantity: (line: TrainingLine) => number | undefined,
): LineSeries {
  return { name, tone, points: pointsOf(lines, quantity) };
}

/** A series for every split that was evaluated; the first one has `tone`. */
function bySplit(
  lines: readonly EvaluationLine[],
  name: string,
  tone: LineSeries['tone'],
  quantity: (line: EvaluationLine) => number | undefined,
): LineSeries[] {
  const splits = [...new Set(lines.map(({ split }) => split))];
  return splits.map((split, n) => ({
    name: name === '' ? split : `${name}, ${split}`,
    tone: n === 0 ? tone : n + 1,
    points: pointsOf(
      lines.filter(line => line.split === split),
      quantity,
    ),
    marked: true,
  }));
}

function pointsOf<L extends { step: number }>(
  lines: readonly L[],
  quantity: (line: L) => number | undefined,
): { x: number; y: number }[] {
  return lines.flatMap(line => {
    const y = quantity(line);
    return y === undefined ? [] : [{ x: line.step, y }];
  });
}
