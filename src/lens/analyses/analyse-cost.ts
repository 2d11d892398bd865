/** @file `analyze cost`: what each tuning cost, from the records of its run. */
import { InputError } from '../../common/errors';
import type { AnalysisResultOf } from '../../protocol/analyses';
import { type RunRecord, SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Cell, Table } from '../csv';
import { type Bar, barPanel } from '../figures/bar-panel';
import { figure, type Panel } from '../figures/figure';
import { seriesColour } from '../figures/style';
import { phases } from '../identify-setup';
import { openRunOf, variantNames } from '../variant';
import type { AnalysisJob, AnalysisOutcome } from './analysis-job';

type Result = AnalysisResultOf<'cost'>;
type Cost = Result['runs'][number];

/** @throws InputError if a run is not finished */
export function analyseCost({ request, model }: AnalysisJob<'cost'>): Promise<AnalysisOutcome> {
  const names = variantNames(request.runs, model);
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'cost',
    parameters: model.checkpoint.parameters,
    runs: request.runs.map((run, i) => costOf(openRunOf(run, model).record(), names[i], run)),
  };
  return Promise.resolve({ result, table: costTable(result), figure: costFigure(result) });
}

function costOf({ status, timings, memory, results }: RunRecord, name: string, run: string): Cost {
  if (status !== 'done') throw new InputError(`${run}: the run is ${status}, so its cost is not known.`);
  const { trainable_parameters, steps, tuned } = results;
  return {
    name,
    run,
    trainable_parameters,
    steps,
    training_seconds: timings[phases.tuning],
    total_seconds: Object.values(timings).reduce((sum, seconds) => sum + seconds, 0),
    peak_memory: memory.peak_resident,
    tuned,
  };
}

function costTable({ runs, parameters }: Result): Table {
  return {
    columns: [
      ...['variant', 'run', 'trainable_parameters', 'share_of_parameters', 'steps'],
      ...['training_seconds', 'total_seconds', 'peak_memory_bytes', 'em', 'f1'],
    ],
    rows: runs.map((cost): Cell[] => {
      const { trainable_parameters: trained } = cost;
      const share = trained === undefined ? undefined : trained / parameters;
      const { name, run, steps, training_seconds, total_seconds, peak_memory, tuned } = cost;
      const scores = [tuned?.em, tuned?.f1];
      return [name, run, trained, share, steps, training_seconds, total_seconds, peak_memory, ...scores];
    }),
  };
}

function costFigure({ runs, parameters }: Result): string {
  const panel = (
    title: string,
    xName: string,
    n: number,
    valueOf: (cost: Cost) => number | undefined,
    format: (value: number) => string,
  ): Panel =>
    barPanel({
      title,
      xName,
      rows: runs.map(cost => ({ name: cost.name, bars: [bar(seriesColour(n), valueOf(cost))] })),
      format,
      width: 340,
    });
  const percentTrained = ({ trainable_parameters: trained }: Cost): number | undefined =>
    trained === undefined ? undefined : (100 * trained) / parameters;
  return figure({
    title: 'Cost of tuning',
    note: `As measured in each run; the model has ${parameters.toLocaleString('en')} parameters.`,
    panels: [
      panel('Trainable parameters', '% of the model', 0, percentTrained, share => share.toPrecision(3)),
      panel(
        'Training',
        'seconds',
        1,
        cost => cost.training_seconds,
        seconds => seconds.toFixed(1),
      ),
      panel(
        'Peak memory',
        'GB',
        2,
        cost => gigabytes(cost.peak_memory),
        size => size.toFixed(2),
      ),
    ],
  });
}

function bar(colour: string, value: number | undefined): Bar {
  return value === undefined ? { colour } : { colour, value };
}

function gigabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e9;
}
