/** @file Curves of several runs over each other, and how much their lists of experts share. */
import { t } from '@vscode/l10n';

import type { ExpertList } from '../../src/protocol/artifacts';
import type { ComparedRun } from '../../src/protocol/comparison-panel';
import type { ChartData, LineSeries } from '../shared/chart-data';
import { percent } from '../shared/format';
import { methodName } from '../shared/method-name';
import { isEvaluation, isStep } from '../shared/training-curves';

/** Runs by their method; those of the same one by their time, too. */
export function runNames(runs: readonly Pick<ComparedRun, 'folder' | 'record'>[]): string[] {
  const methods = runs.map(({ record }) => methodName(record));
  return runs.map(({ folder }, i) => {
    const isShared = methods.filter(method => method === methods[i]).length > 1;
    const id = folder.split(/[/\\]/).at(-1) ?? folder;
    return isShared ? `${methods[i]} (${id.split('-')[0]})` : methods[i];
  });
}

/** Only what at least one run measured. */
export function comparedCurves(runs: readonly ComparedRun[], names: readonly string[]): ChartData[] {
  const chart = (
    title: string,
    format: (value: number) => string,
    marked: boolean,
    pointsOf: (run: ComparedRun) => { x: number; y: number | undefined }[],
  ): ChartData[] => {
    const series = runs.flatMap((run, tone): LineSeries[] => {
      const points = pointsOf(run).flatMap(({ x, y }) => (y === undefined ? [] : [{ x, y }]));
      return points.length === 0 ? [] : [{ name: names[tone], tone, points, marked }];
    });
    return series.length === 0 ? [] : [{ kind: 'lines', title, xName: t('step'), format, series }];
  };
  const evaluations = ({ metrics }: ComparedRun): ReturnType<typeof dev> => dev(metrics);
  const nats = (loss: number): string => loss.toFixed(2);
  const score = (value: number): string => value.toFixed(1);
  return [
    ...chart(t('Loss of training batches, nats'), nats, false, ({ metrics }) =>
      metrics.filter(isStep).map(({ step, loss }) => ({ x: step, y: loss })),
    ),
    ...chart(t('Loss on the dev set, nats'), nats, true, run =>
      evaluations(run).map(({ step, loss }) => ({ x: step, y: loss })),
    ),
    ...chart(t('Exact match on the dev set, percent'), score, true, run =>
      evaluations(run).map(({ step, em }) => ({ x: step, y: em })),
    ),
  ];
}

function dev(metrics: ComparedRun['metrics']): Extract<ComparedRun['metrics'][number], { split: string }>[] {
  return metrics.filter(isEvaluation).filter(({ split }) => split === 'dev');
}

/** By layer, for each pair of runs with lists: the share of the experts of either list that both have (Jaccard index). */
export function expertOverlap(runs: readonly ComparedRun[], names: readonly string[]): ChartData[] {
  const lists = runs.flatMap(({ experts }, i) => (experts ? [{ experts, name: names[i] }] : []));
  const pairs = lists.flatMap((a, i) => lists.slice(i + 1).map(b => [a, b] as const));
  if (pairs.length === 0) return [];
  return [
    {
      ...{ kind: 'lines', title: t('Shared experts, share of both lists together') },
      ...{ xName: t('layer'), tickPrefix: 'L', suggestedMax: 1 },
      format: percent,
      series: pairs.map(([a, b], tone) => ({
        ...{ name: t('{0} and {1}', a.name, b.name), tone, marked: true },
        points: sharedByLayer(a.experts, b.experts),
      })),
    },
  ];
}

/** At the layers that both have. */
export function sharedByLayer(a: ExpertList, b: ExpertList): { x: number; y: number }[] {
  const layers = Object.keys(a)
    .filter(layer => layer in b)
    .map(Number)
    .sort((x, y) => x - y);
  return layers.flatMap(layer => {
    const [one, other] = [a[String(layer)], b[String(layer)]];
    const either = new Set([...one, ...other]).size;
    const both = new Set(one.filter(expert => other.includes(expert))).size;
    return either === 0 ? [] : [{ x: layer, y: both / either }];
  });
}
