/** @file Results as tables: for the terminal, and in Markdown. */
import type { BenchCase, BenchResult, Figure, Row } from './bench-case';

interface Table {
  /** Empty: no head line. */
  readonly title: string;
  /** The first row holds the heads of the columns. */
  readonly rows: readonly (readonly string[])[];
}

/** Labelled figures as one table, and a table for each labelled list of rows. */
export function tablesOf({ labels }: BenchCase, result: BenchResult): Table[] {
  const figures: string[][] = [];
  const lists: Table[] = [];
  for (const [key, label] of Object.entries(labels)) {
    const value = result[key];
    if (Array.isArray(value)) lists.push({ title: label, rows: listRows(value, labels) });
    else if (value !== undefined) figures.push([label, shown(key, value)]);
  }
  return [...(figures.length > 0 ? [{ title: '', rows: [['', ''], ...figures] }] : []), ...lists];
}

function listRows(list: readonly Row[], labels: BenchCase['labels']): string[][] {
  const columns = Object.keys(list[0] ?? {});
  return [
    columns.map(column => labels[column] ?? column),
    ...list.map(row => columns.map(column => shown(column, row[column]))),
  ];
}

const units: readonly (readonly [RegExp, string])[] = [
  [/_gflops$/, 'GFLOP/s'],
  [/_per_s$/, '/s'],
  [/_gb$/, 'GB'],
  [/_s$/, 's'],
];

/** Three digits and the unit that the name ends in. */
export function shown(key: string, value: Figure): string {
  if (typeof value === 'string') return value;
  const unit = units.find(([ending]) => ending.test(key))?.[1];
  const text = Number.isInteger(value) ? String(value) : threeDigits(value);
  return unit === undefined ? text : `${text} ${unit}`;
}

function threeDigits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  return magnitude < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
}

export function textTable({ title, rows }: Table): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)));
  const lines = rows
    .filter(row => row.some(cell => cell !== ''))
    .map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd());
  return [...(title === '' ? [] : [`  ${title}`]), ...lines].join('\n');
}

export function markdownTable({ title, rows: [head, ...body] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return [...(title === '' ? [] : [`${title}:`, '']), line(head), rule, ...body.map(line)].join('\n');
}
