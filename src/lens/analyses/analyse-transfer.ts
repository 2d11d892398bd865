/** @file `analyze transfer`: tuned on one dataset, evaluated on another (METHOD, Fig. 5). */
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import { matrixPanel } from '../../figures/matrix-panel';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Estimate, Prediction } from '../../protocol/evaluation';
import { scoreChange, scoresOf } from '../evaluate';
import type { RunFolder } from '../run-folder';
import { baseVariant, openRunOf, shortNames, tunedVariant } from '../variant';
import type { AnalysisJob, AnalysisOutcome } from './analysis-job';
import { answersOf, checkAnswered, scoreCells, scoreColumns } from './answers';

type Result = AnalysisResultOf<'transfer'>;

export async function analyseTransfer(job: AnalysisJob<'transfer'>): Promise<AnalysisOutcome> {
  const { request, model, tokenizer, datasets } = job;
  datasets.forEach(checkAnswered);
  const rows = rowNames(request.runs.map(run => openRunOf(run, model)));
  const columns = shortNames(request.data);
  const variants = [baseVariant(model), ...request.runs.map(run => tunedVariant(run, model))];
  const passName = (row: number, column: number): string =>
    `${row === 0 ? 'base' : `tuned on ${rows[row - 1].name}`}, answers to ${columns[column]}`;
  const plan = job.plan(variants.flatMap((_, row) => columns.map((_, column) => passName(row, column))));
  const answers: Prediction[][][] = [];
  for (const [row, variant] of variants.entries()) {
    answers.push([]);
    for (const [column, { samples }] of datasets.entries()) {
      const found = await plan.run(passName(row, column), hooks =>
        answersOf(variant, tokenizer, samples, hooks),
      );
      answers[row].push(found);
    }
  }
  const [base, ...tuned] = answers;
  const { seed } = request;
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'transfer',
    rows,
    columns: columns.map((name, column) => ({ name, base: scoresOf(base[column], seed) })),
    cells: tuned.map(row =>
      row.map((found, column) => ({
        scores: scoresOf(found, seed),
        em_gain: scoreChange(base[column], found, 'em', seed),
        f1_gain: scoreChange(base[column], found, 'f1', seed),
      })),
    ),
  };
  return { result, table: transferTable(result), figure: transferFigure(result) };
}

/** Runs are called by what they were tuned on, and where that is the same by their folders too. */
function rowNames(runs: readonly RunFolder[]): Result['rows'] {
  const files = runs.map(run => run.record().datasets.find(({ split }) => split === 'train')?.path ?? '');
  const unique = [...new Set(files)];
  const names = shortNames(unique);
  const folders = shortNames(runs.map(run => run.path));
  return files.map((file, i) => {
    const name = names[unique.indexOf(file)];
    const isShared = files.filter(other => other === file).length > 1;
    return { name: isShared ? `${name} (${folders[i]})` : name, run: runs[i].path };
  });
}

function transferTable({ rows, columns, cells }: Result): Table {
  const gains = ['em_gain', 'em_gain_low', 'em_gain_high'];
  return {
    columns: ['tuned_on', 'evaluated_on', ...scoreColumns, ...gains],
    rows: [
      ...columns.map(({ name, base }): Cell[] => ['', name, ...scoreCells(base), 0, 0, 0]),
      ...cells.flatMap((row, r) =>
        row.map(({ scores, em_gain: { value, low, high } }, c): Cell[] => [
          rows[r].name,
          columns[c].name,
          ...scoreCells(scores),
          value,
          low,
          high,
        ]),
      ),
    ],
  };
}

function transferFigure({ rows, columns, cells }: Result): string {
  return figure({
    title: 'Transfer of tuning between datasets',
    note: 'Exact match minus that of the untuned model, percentage points, with 95 % bootstrap intervals.',
    panels: [
      matrixPanel({
        rowsName: 'tuned on',
        columnsName: 'evaluated on',
        rows: rows.map(({ name }) => name),
        columns: columns.map(({ name }) => name),
        values: cells.map(row => row.map(({ em_gain }) => em_gain.value ?? 0)),
        details: cells.map(row => row.map(({ em_gain }) => intervalText(em_gain))),
        format: signed,
      }),
    ],
  });
}

function intervalText({ low, high }: Estimate): string {
  return low === null || high === null ? '' : `${signed(low)} to ${signed(high)}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}
