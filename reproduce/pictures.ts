/** @file The pictures of the results: means over seeds, with one deviation to either side. */
import { type Bar, barPanel } from '../src/figures/bar-panel';
import { figure, type KeyEntry, type Panel } from '../src/figures/figure';
import { linePanel } from '../src/figures/line-panel';
import { matrixPanel } from '../src/figures/matrix-panel';
import { baseColour, blue, seriesColour, vermilion } from '../src/figures/style';
import type { Estimate } from '../src/protocol/evaluation';
import type { InsideResult, MaskingResult, Measurements, Score, Scores } from './measurements';
import { methodNames, methods, tasks, type TestSet } from './settings';
import { type Spread, spread, spreadByColumn } from './statistics';
import { fixed, shownGain } from './tables';

/** SVG by file name. */
export function picturesOf(measurements: Measurements): Record<string, string> {
  return {
    'methods.svg': methodsPicture(measurements),
    'masking.svg': maskingPicture(measurements),
    'layers.svg': layersPicture(measurements),
    'transfer.svg': transferPicture(measurements),
    'activation-map.svg': measurements.map,
  };
}

const note = ({ seeds }: Measurements): string =>
  `Means over ${seeds.length} seeds; whiskers and bands: one standard deviation to either side.`;

function bar(colour: string, values: readonly number[]): Bar {
  const { mean, deviation } = spread(values);
  const interval = [mean - deviation, mean + deviation] as const;
  return { colour, value: mean, ...(values.length > 1 && { interval }) };
}

function barsPanel(rows: Parameters<typeof barPanel>[0]['rows']): Panel {
  return barPanel({
    title: '',
    xName: 'percent',
    rows,
    format: value => fixed(value),
    atLeast: 100,
    width: 640,
  });
}

function methodsPicture(measurements: Measurements): string {
  const shownSets: readonly [TestSet, string][] = [
    ['swap', 'context contradicts memory'],
    ['true', 'context agrees with memory'],
    ['closed', 'no context'],
  ];
  const bars = (scores: readonly Scores[]): Bar[] =>
    shownSets.map(([set], n) =>
      bar(
        seriesColour(n),
        scores.map(score => score[set].em),
      ),
    );
  return figure({
    title: 'Exact match by method',
    note: note(measurements),
    key: shownSets.map(([, name], n): KeyEntry => ({ name, colour: seriesColour(n), mark: 'square' })),
    panels: [
      barsPanel([
        { name: 'base', bars: bars([measurements.base]) },
        ...methods.map(method => ({
          name: methodNames[method],
          bars: bars(measurements.methods.map(results => results[method].scores)),
        })),
      ]),
    ],
  });
}

function maskingPicture(measurements: Measurements): string {
  const { masking } = measurements;
  const row = (name: string, colour: string, scoreOf: (result: MaskingResult) => Score) => ({
    name,
    bars: [
      bar(
        colour,
        masking.map(result => scoreOf(result).em),
      ),
    ],
  });
  const kinds = [
    ['random', 'random'],
    ['oe', 'OE'],
    ['ce', 'CE'],
  ] as const;
  return figure({
    title: 'Exact match of the router-tuned model with experts masked',
    note: note(measurements),
    panels: [
      barsPanel([
        row('base', baseColour, ({ base }) => base),
        row('RT', blue, ({ tuned }) => tuned),
        ...masking[0].masked.flatMap(({ k }, length) =>
          kinds.map(([kind, name], n) =>
            row(`RT, ${k} ${name} masked`, seriesColour(n + 1), result => result.masked[length][kind]),
          ),
        ),
      ]),
    ],
  });
}

function layersPicture(measurements: Measurements): string {
  const { inside } = measurements;
  const panel = (title: string, yName: string, gain: keyof Omit<InsideResult, 'reliance'>): Panel =>
    linePanel({
      ...{ title, yName, xName: 'layer', width: 330 },
      series: [
        {
          colour: vermilion,
          estimates: spreadByColumn(inside.map(result => result[gain])).map(found =>
            asEstimate(found, inside.length),
          ),
        },
      ],
    });
  return figure({
    title: 'What router tuning changes, by layer',
    note: note(measurements),
    panels: [
      panel('CAG: attention to the context', '(tuned − base) / base', 'contextGain'),
      panel('AAG: attention to the answer in it', '(tuned − base) / base', 'answerGain'),
      panel('APG: answer probability', 'tuned − base', 'probabilityGain'),
    ],
  });
}

function asEstimate({ mean, deviation }: Spread, samples: number): Estimate {
  if (Number.isNaN(mean)) return { value: null, low: null, high: null, samples };
  // A single value has no band.
  const reach = Number.isNaN(deviation) ? 0 : deviation;
  return { value: mean, low: mean - reach, high: mean + reach, samples };
}

function transferPicture(measurements: Measurements): string {
  const cells = tasks.map((_, row) => spreadByColumn(measurements.transfer.map(({ gains }) => gains[row])));
  return figure({
    title: 'Transfer of router tuning between tasks',
    note: `Exact match minus that of the untuned model, percentage points; mean ± deviation over ${measurements.seeds.length} seeds.`,
    panels: [
      matrixPanel({
        ...{ rowsName: 'tuned on', columnsName: 'evaluated on', rows: tasks, columns: tasks },
        values: cells.map(row => row.map(({ mean }) => mean)),
        details: cells.map(row =>
          row.map(({ deviation }) => (Number.isNaN(deviation) ? '' : `± ${fixed(deviation)}`)),
        ),
        format: value => shownGain({ mean: value, deviation: NaN }),
      }),
    ],
  });
}
