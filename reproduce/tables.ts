/** @file The tables of the results, as rows of texts; the first row holds the heads of the columns. */
import type { MaskingResult, Measurements, RateTrial, Score } from './measurements';
import { methodNames, methods, ratedMethods, tasks } from './settings';
import { mean, meanOverlap, overlap, type Spread, spread, spreadByColumn } from './statistics';

export type Rows = readonly (readonly string[])[];

const unknown = '–';

/** As Markdown; columns of numbers are aligned to the right. */
export function markdown([head, ...body]: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const isNumeric = (column: number): boolean => body.every(row => /^([+−]?\d|–|$)/.test(row[column]));
  const rule = head.map((_, column) => (column > 0 && isNumeric(column) ? '---:' : '---'));
  return [head, rule, ...body].map(line).join('\n');
}

/** With a minus sign, and never −0. */
export function fixed(value: number, digits = 1): string {
  if (Number.isNaN(value)) return unknown;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Mean ± deviation; the mean alone where there is one value. */
export function shown({ mean, deviation }: Spread, digits = 1): string {
  return Number.isNaN(deviation)
    ? fixed(mean, digits)
    : `${fixed(mean, digits)} ± ${fixed(deviation, digits)}`;
}

/** As {@link shown}, a gain with its plus sign. */
export function shownGain(gain: Spread, digits = 1): string {
  const text = shown(gain, digits);
  return gain.mean > 0 ? `+${text}` : text;
}

const rate = (value: number): string => value.toExponential().replace('e+0', '').replace('e-', 'e−');

export function rateRows({ trials, chosenRates }: Measurements): Rows {
  const tried = ({ rate: value, devLoss }: RateTrial): string => `${rate(value)} (${fixed(devLoss, 4)})`;
  return [
    ['Method', 'Learning rates tried (dev loss, nats)', 'Chosen'],
    ...ratedMethods.map(method => [
      methodNames[method],
      trials[method].map(tried).join(', '),
      rate(chosenRates[method]),
    ]),
  ];
}

export function methodRows({ base, methods: bySeed }: Measurements): Rows {
  const scores = ({ swap, true: agreeing, closed }: Measurements['base']): number[] => [
    ...[swap.em, swap.f1, agreeing.em, agreeing.f1, closed.em],
  ];
  const parameters = (method: (typeof methods)[number]): number => bySeed[0][method].trainableParameters;
  return [
    [
      ...['', 'Swap EM', 'Swap F1', 'True EM', 'True F1', 'Closed-book EM'],
      ...['Trained parameters', 'FFT trains', 'Training', 'Peak memory'],
    ],
    ['base', ...scores(base).map(value => fixed(value)), unknown, unknown, unknown, unknown],
    ...methods.map(method => {
      const results = bySeed.map(result => result[method]);
      return [
        methodNames[method],
        ...spreadByColumn(results.map(result => scores(result.scores))).map(value => shown(value)),
        parameters(method).toLocaleString('en'),
        `${fixed(parameters('fft') / parameters(method))} ×`,
        `${shown(spread(results.map(({ trainingSeconds }) => trainingSeconds)))} s`,
        `${shown(spread(results.map(({ memory }) => memory / 1e9)), 2)} GB`,
      ];
    }),
  ];
}

export function maskingRows({ masking }: Measurements): Rows {
  type ScoreOf = (result: MaskingResult) => Score;
  const change = (scoreOf: ScoreOf): string =>
    shownGain(spread(masking.map(result => scoreOf(result).em - result.tuned.em)));
  const row = (name: string, k: string, scoreOf: ScoreOf): string[] => {
    const scores = masking.map(scoreOf);
    const [em, f1] = [scores.map(score => score.em), scores.map(score => score.f1)];
    return [name, k, shown(spread(em)), shown(spread(f1)), change(scoreOf)];
  };
  // The untuned model is the same with every seed.
  const [{ base, masked }] = masking;
  return [
    ['', 'Masked experts a layer', 'EM', 'F1', 'EM, change from RT'],
    ['base', unknown, fixed(base.em), fixed(base.f1), change(result => result.base)],
    row('RT', unknown, ({ tuned }) => tuned),
    ...masked.flatMap(({ k }, length) => [
      row('RT, random masked', String(k), result => result.masked[length].random),
      row('RT, OE masked', String(k), result => result.masked[length].oe),
      row('RT, CE masked', String(k), result => result.masked[length].ce),
    ]),
  ];
}

export function layerRows({ inside }: Measurements): Rows {
  const context = spreadByColumn(inside.map(({ contextGain }) => contextGain));
  const answer = spreadByColumn(inside.map(({ answerGain }) => answerGain));
  const probability = spreadByColumn(inside.map(({ probabilityGain }) => probabilityGain));
  return [
    ['Layer', 'CAG', 'AAG', 'APG'],
    ...probability.map((gain, layer) => [
      String(layer),
      // Absent where no sample marks its context, or no context holds its answer.
      context.length > 0 ? shownGain(context[layer], 2) : unknown,
      answer.length > 0 ? shownGain(answer[layer], 2) : unknown,
      shownGain(gain, 3),
    ]),
  ];
}

export function transferRows({ transfer }: Measurements): Rows {
  const base = spreadByColumn(transfer.map(result => result.base));
  return [
    ['Tuned on', ...tasks.map(task => `evaluated on ${task}`)],
    // The untuned model is the same with every seed.
    ['nothing (EM)', ...base.map(({ mean }) => fixed(mean))],
    ...tasks.map((task, row) => [
      task,
      ...spreadByColumn(transfer.map(({ gains }) => gains[row])).map(gain => shownGain(gain)),
    ]),
  ];
}

/** Layer by layer: the lists of the first seed, and in percent how far lists have experts in common. */
export function expertRows({ experts, model }: Measurements): Rows {
  const shared = (value: number): string => (Number.isNaN(value) ? unknown : `${fixed(100 * value, 0)} %`);
  const layers = model.moe_layers.map(String);
  const lists = (kind: 'ce' | 'oe', layer: string): number[][] => experts.map(found => found[kind][layer]);
  const overlaps = (layer: string): number[] => [
    meanOverlap(lists('ce', layer)),
    meanOverlap(lists('oe', layer)),
    mean(lists('ce', layer).map((ce, seed) => overlap(ce, lists('oe', layer)[seed]))),
  ];
  const all = layers.map(overlaps);
  return [
    ['Layer', 'CE, first seed', 'OE, first seed', 'CE between seeds', 'OE between seeds', 'CE and OE'],
    ...layers.map((layer, i) => [
      layer,
      lists('ce', layer)[0].join(', '),
      lists('oe', layer)[0].join(', '),
      ...all[i].map(shared),
    ]),
    ['mean', '', '', ...all[0].map((_, column) => shared(mean(all.map(row => row[column]))))],
  ];
}
