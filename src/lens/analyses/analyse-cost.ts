/** @file `analyze cost`: what each tuning cost, from the records of its run. */
import { InputError } from '../../common/errors';
import { type Bar, barPanel } from '../../figures/bar-panel';
import type { Cell, Table } from '../../figures/csv';
import { figure, type Panel } from '../../figures/figure';
import { seriesColour } from '../../figures/style';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { type RunRecord, SCHEMA_VERSION } from '../../protocol/artifacts';
import { phases as finetunePhases } from '../finetune-setup';
import { phases as identifyPhases } from '../identify-setup';
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

function costOf({ job, status, timings, memory, results }: RunRecord, name: string, run: string): Cost {
  if (status !== 'done') throw new InputError(`${run}: the run is ${status}, so its cost is not known.`);
  const { trainable_parameters, steps, tuned } = results;
  return {
    name,
    run,
    trainable_parameters,
    steps,
    training_seconds: timings[job === 'identify' ? identifyPhases.tuning : finetunePhases.tuning],
    total_seconds: Object.values(timings).reduce((sum, seconds) => sum + seconds, 0),
    ...memory,
    tuned,
  };
}

function costTable({ runs, parameters }: Result): Table {
  return {
    columns: [
      ...['variant', 'run', 'trainable_parameters', 'share_of_parameters', 'steps'],
      ...['training_seconds', 'total_seconds', 'peak_resident', 'peak_private', 'em', 'f1'],
    ],
    rows: runs.map((cost): Cell[] => {
      const { trainable_parameters: trained } = cost;
      const share = trained === undefined ? undefined : trained / parameters;
      const { name, run, steps, training_seconds, total_seconds, peak_resident, peak_private, tuned } = cost;
      const measured = [training_seconds, total_seconds, peak_resident, peak_private];
      return [name, run, trained, share, steps, ...measured, tuned?.em, tuned?.f1];
    }),
  };
}

type Quantity = (cost: Cost) => number | undefined;

function costFigure({ runs, parameters }: Result): string {
  const panel = (title: string, xName: string, n: number, quantity: Quantity, digits: number): Panel =>
    barPanel({
      title,
      xName,
      rows: runs.map(cost => ({ name: cost.name, bars: [bar(seriesColour(n), quantity(cost))] })),
      format: value => value.toFixed(digits),
      width: 340,
    });
  const share: Quantity = ({ trainable_parameters: trained }) => scaled(trained, 100 / parameters);
  const seconds: Quantity = ({ training_seconds }) => training_seconds;
  const memory = comparableMemory(runs);
  return figure({
    title: 'Cost of tuning',
    note: `As measured in each run; the model has ${parameters.toLocaleString('en')} parameters.`,
    panels: [
      panel('Trainable parameters', '% of the model', 0, share, 3),
      panel('Training', 'seconds', 1, seconds, 1),
      panel(memory.title, 'GB', 2, cost => scaled(memory.quantity(cost), 1e-9), 2),
    ],
  });
}

/** Private memory if all runs have measured it: all bars are of one quantity. */
function comparableMemory(runs: readonly Cost[]): { title: string; quantity: Quantity } {
  // Systems that keep no account of private memory give 0.
  return runs.every(({ peak_private }) => peak_private)
    ? { title: 'Peak memory (private)', quantity: cost => cost.peak_private }
    : { title: 'Peak memory (resident)', quantity: cost => cost.peak_resident };
}

function bar(colour: string, value: number | undefined): Bar {
  return value === undefined ? { colour } : { colour, value };
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
