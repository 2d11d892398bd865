/** @file Which of the paper's claims hold on the model: rules that read the numbers. */
import type { InsideResult, Measurements, MethodResult } from './measurements';
import { paperFigures } from './paper';
import type { Method } from './settings';
import { differences, halves, mean, spread } from './statistics';
import { fixed, shown, shownGain } from './tables';

export type Verdict = 'holds' | 'does not hold' | 'not clear';

export interface Claim {
  readonly statement: string;
  readonly verdict: Verdict;
  /** What the verdict rests on. */
  readonly figures: string;
  /** What the paper reports. */
  readonly paper: string;
}

/** "Far above", in percentage points. */
export const wideMargin = 10;

/** With a larger deviation than this, in percentage points, "within one deviation" says nothing. */
export const largestDeviation = 5;

/**
 * Whether differences (by seed) are above a margin: holds if they are by more than one deviation, does not hold if they
 * are below it by more than one. With one seed nothing is clear.
 */
export function above(values: readonly number[], margin = 0): Verdict {
  const { mean, deviation } = spread(values);
  if (mean - deviation > margin) return 'holds';
  return mean + deviation < margin ? 'does not hold' : 'not clear';
}

/** Whether differences (by seed) are above 0, or within one deviation of it, which is {@link largestDeviation} at most. */
export function notBelow(values: readonly number[]): Verdict {
  const verdict = above(values);
  if (verdict !== 'not clear') return verdict;
  return spread(values).deviation <= largestDeviation ? 'holds' : 'not clear';
}

interface Side {
  readonly name: string;
  /** By seed. */
  readonly values: readonly number[];
}

function compared(quantity: string, a: Side, b: Side, digits = 1): { by: number[]; figures: string } {
  const by = differences(a.values, b.values);
  const side = ({ name, values }: Side): string => `${name} ${shown(spread(values), digits)}`;
  return { by, figures: `${quantity}: ${side(a)}, ${side(b)}; difference ${shownGain(spread(by), digits)}` };
}

export function claimsOf(measurements: Measurements): Claim[] {
  return [
    routerTuningHelps(measurements),
    ...maskingClaims(measurements),
    ceftKeepsUp(measurements),
    ceftForgetsLess(measurements),
    ...laterLayersGain(measurements),
    routerTuningTransfers(measurements),
  ];
}

const valuesOf = (
  { methods }: Measurements,
  method: Method,
  value: (result: MethodResult) => number,
): number[] => methods.map(results => value(results[method]));

function routerTuningHelps(measurements: Measurements): Claim {
  const rt = valuesOf(measurements, 'rt', ({ scores }) => scores.swap.em);
  const base = rt.map(() => measurements.base.swap.em);
  const { by, figures } = compared('swap EM', { name: 'RT', values: rt }, { name: 'base', values: base });
  return {
    statement: `Tuning the routers alone makes the model far more faithful to the context (by more than ${wideMargin} points).`,
    verdict: above(by, wideMargin),
    figures,
    paper: paperFigures.routerTuning,
  };
}

/** With lists as long as a token is sent to experts. */
function maskingClaims({ masking }: Measurements): Claim[] {
  const side = (name: string, kind: 'ce' | 'oe' | 'random'): Side => ({
    name: `${name} masked`,
    values: masking.map(({ masked: [first] }) => first[kind].em),
  });
  const [ce, oe, random] = [side('CE', 'ce'), side('OE', 'oe'), side('random', 'random')];
  const claim = (statement: string, milder: Side, harsher: Side): Claim => {
    const { by, figures } = compared('swap EM', milder, harsher);
    return { statement, verdict: above(by), figures, paper: paperFigures.masking };
  };
  return [
    claim('Masking context-faithful experts hurts RT more than masking original experts.', oe, ce),
    claim('Masking context-faithful experts hurts RT more than masking random ones.', random, ce),
    claim('Masking original experts hurts RT more than masking random ones.', random, oe),
  ];
}

function ceftKeepsUp(measurements: Measurements): Claim {
  const em = (method: Method): number[] => valuesOf(measurements, method, ({ scores }) => scores.swap.em);
  const parameters = (method: Method): number =>
    valuesOf(measurements, method, ({ trainableParameters }) => trainableParameters)[0];
  const sides = [
    { name: 'CEFT', values: em('ceft') },
    { name: 'FFT', values: em('fft') },
  ] as const;
  const { by, figures } = compared('swap EM', ...sides);
  const fewer = fixed(parameters('fft') / parameters('ceft'));
  return {
    statement: `CEFT is as good as FFT, or better, with ${fewer} times fewer trained parameters.`,
    verdict: notBelow(by),
    figures,
    paper: paperFigures.ceft,
  };
}

function ceftForgetsLess(measurements: Measurements): Claim {
  const em = (method: Method): number[] => valuesOf(measurements, method, ({ scores }) => scores.closed.em);
  const { by, figures } = compared(
    'closed-book EM',
    { name: 'CEFT', values: em('ceft') },
    { name: 'FFT', values: em('fft') },
  );
  return {
    statement: 'CEFT forgets less than FFT of what the model knew.',
    verdict: above(by),
    figures: `${figures}; base ${fixed(measurements.base.closed.em)}`,
    paper: '–',
  };
}

function laterLayersGain({ inside }: Measurements): Claim[] {
  const claim = (short: string, name: string, gain: keyof Omit<InsideResult, 'reliance'>): Claim => {
    const found = inside.map(result => halves(result[gain]));
    const later = { name: 'later half', values: found.map(({ later }) => later) };
    const earlier = { name: 'earlier half', values: found.map(({ earlier }) => earlier) };
    const { by, figures } = compared(short, later, earlier, 2);
    return {
      statement: `The gain of ${name} (${short}) is larger in the later half of the layers than in the earlier.`,
      verdict: above(by),
      figures,
      paper: paperFigures[gain],
    };
  };
  return [
    claim('CAG', 'attention to the context', 'contextGain'),
    claim('AAG', 'attention to the answer in the context', 'answerGain'),
    claim('APG', 'the probability of the answer', 'probabilityGain'),
  ];
}

function routerTuningTransfers({ transfer }: Measurements): Claim {
  const others = transfer.map(({ gains }) =>
    mean(gains.flatMap((row, tuned) => row.filter((_, evaluated) => evaluated !== tuned))),
  );
  return {
    statement: 'Router tuning on one task helps on the others.',
    verdict: above(others),
    figures: `EM over base, mean of all pairs of different tasks: ${shownGain(spread(others))}`,
    paper: '–',
  };
}
