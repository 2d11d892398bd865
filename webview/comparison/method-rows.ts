/** @file The method comparison: a row for each run and for the untuned model, only what was measured. */
import { t } from '@vscode/l10n';

import type { Cell, Table } from '../../src/figures/csv';
import type { RunRecord } from '../../src/protocol/artifacts';
import type { ComparedRun } from '../../src/protocol/comparison-panel';
import { bytes, duration, integer } from '../shared/format';

/** undefined: not measured. */
export interface MethodRow {
  name: string;
  /** Name of the run's folder; empty: the untuned model. */
  run: string;
  /** What the scores are of, if anything was answered. */
  test: TestSet | undefined;
  values: Record<Quantity, number | undefined>;
}

export interface TestSet {
  /** Name of the file. */
  file: string;
  /** That were answered. */
  samples: number;
  /** Of the file. */
  sha256: string;
}

export const quantities = ['em', 'f1', 'closed_book', 'trainable', 'seconds', 'memory'] as const;
export type Quantity = (typeof quantities)[number];

interface Column {
  title: string;
  format: (value: number) => string;
  /** Which value is the best one. */
  best: 'highest' | 'lowest';
}

export function columnOf(quantity: Quantity): Column {
  const score = (value: number): string => value.toFixed(1);
  const columns: Record<Quantity, Column> = {
    em: { title: t('EM, %'), format: score, best: 'highest' },
    f1: { title: t('F1, %'), format: score, best: 'highest' },
    closed_book: { title: t('Closed-book EM, %'), format: score, best: 'highest' },
    trainable: { title: t('Trainable parameters'), format: integer, best: 'lowest' },
    seconds: { title: t('Training time'), format: duration, best: 'lowest' },
    memory: { title: t('Peak memory'), format: bytes, best: 'lowest' },
  };
  return columns[quantity];
}

/** The untuned model once for each test set that it answered, then the runs. Where there are several models, it is named. */
export function methodRows(runs: readonly ComparedRun[], names: readonly string[]): MethodRow[] {
  const nothing = { trainable: undefined, seconds: undefined, memory: undefined };
  const untuned = new Map<string, MethodRow>();
  const hasModels = new Set(runs.map(({ record }) => record.model.weights_sha256)).size > 1;
  for (const { record, closed_book } of runs) {
    const { base } = record.results;
    const test = testSet(record);
    if (!base || !test) continue;
    const { em, f1 } = base;
    const key = [record.model.weights_sha256, test.sha256, test.samples].join();
    const known = untuned.get(key)?.values.closed_book ?? closed_book?.base.em;
    const name = hasModels ? t('base, {0}', record.model.name) : t('base');
    untuned.set(key, { name, run: '', test, values: { em, f1, closed_book: known, ...nothing } });
  }
  const tuned = runs.map(({ folder, record, closed_book }, i) => ({
    name: names[i],
    run: baseName(folder),
    test: testSet(record),
    values: {
      em: record.results.tuned?.em,
      f1: record.results.tuned?.f1,
      closed_book: closed_book?.tuned.em,
      trainable: record.results.trainable_parameters,
      seconds: trainingSeconds(record),
      memory: record.memory.peak_private ?? record.memory.peak_resident,
    },
  }));
  return [...untuned.values(), ...tuned];
}

function testSet({ datasets, results }: RunRecord): TestSet | undefined {
  const samples = results.tuned?.samples ?? results.base?.samples;
  const file = datasets.find(({ split }) => split === 'test');
  return samples === undefined || !file
    ? undefined
    : { file: baseName(file.path), samples, sha256: file.sha256 };
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

/** Scores can be compared: all are of the same test samples. */
export function isOneTest(rows: readonly MethodRow[]): boolean {
  return new Set(rows.flatMap(({ test }) => (test ? [`${test.sha256} ${test.samples}`] : []))).size < 2;
}

/** Of the training alone: answers before and after it take as long for every method. */
function trainingSeconds({ timings, job }: RunRecord): number | undefined {
  return timings[job === 'identify' ? 'Router tuning' : 'Fine-tuning'];
}

/** The rows that have the best value of a column; none where fewer than two were measured, or on different test sets. */
export function bestOf(rows: readonly MethodRow[], quantity: Quantity): Set<MethodRow> {
  const known = rows.filter(({ values }) => values[quantity] !== undefined);
  if (known.length < 2 || (isScore(quantity) && !isOneTest(rows))) return new Set();
  const sign = columnOf(quantity).best === 'highest' ? 1 : -1;
  const rank = ({ values }: MethodRow): number => sign * (values[quantity] ?? 0);
  const top = Math.max(...known.map(rank));
  return new Set(known.filter(row => rank(row) === top));
}

function isScore(quantity: Quantity): boolean {
  return quantity === 'em' || quantity === 'f1';
}

/** What was not measured comes last, whatever the direction. */
export function sorted(rows: readonly MethodRow[], by: Quantity | 'name', descending: boolean): MethodRow[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (by === 'name') return sign * a.name.localeCompare(b.name);
    const [x, y] = [a.values[by], b.values[by]];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sign * (x - y);
  });
}

export function methodTable(rows: readonly MethodRow[]): Table {
  return {
    columns: [
      'method',
      'run',
      'test_set',
      'test_samples',
      'em',
      'f1',
      'closed_book_em',
      'trainable_parameters',
      'training_seconds',
      'peak_memory',
    ],
    rows: rows.map(({ name, run, test, values }): Cell[] => [
      ...[name, run, test?.file, test?.samples],
      ...quantities.map(quantity => values[quantity]),
    ]),
  };
}
