import { describe, expect, it } from 'vitest';

import {
  expertRows,
  fixed,
  layerRows,
  markdown,
  maskingRows,
  methodRows,
  rateRows,
  shown,
  shownGain,
  transferRows,
} from './tables';
import { twoSeeds } from './testing/measurements';

describe('numbers', () => {
  it.each([
    [12.345, '12.3'],
    [-0.06, '−0.1'],
    [-0.04, '0.0'],
    [NaN, '–'],
  ])('%s is written %s', (value, text) => {
    expect(fixed(value)).toBe(text);
  });

  it('have their deviation where there is one, gains a sign', () => {
    expect(shown({ mean: 50, deviation: 1.25 })).toBe('50.0 ± 1.3');
    expect(shown({ mean: 50, deviation: NaN }, 2)).toBe('50.00');
    expect(shownGain({ mean: 5, deviation: 1 })).toBe('+5.0 ± 1.0');
    expect(shownGain({ mean: -5, deviation: 1 })).toBe('−5.0 ± 1.0');
  });
});

it('aligns columns of numbers to the right', () => {
  const rows = [
    ['', 'EM', 'Says'],
    ['a', '−1.0 ± 0.5', 'yes'],
    ['b', '–', '1'],
  ];
  expect(markdown(rows)).toBe(
    ['|  | EM | Says |', '| --- | ---: | --- |', '| a | −1.0 ± 0.5 | yes |', '| b | – | 1 |'].join('\n'),
  );
});

describe('tables', () => {
  it('methods: scores over seeds, cost, how much more FFT trains', () => {
    const [, base, rt, ceft, fft] = methodRows(twoSeeds);
    expect(base.slice(0, 6)).toEqual(['base', '30.0', '31.0', '99.0', '100.0', '95.0']);
    // EM 80, 84; closed-book 90, 92; 1000 against 10 parameters.
    expect(rt).toEqual([
      ...['RT', '82.0 ± 2.8', '83.0 ± 2.8', '90.0 ± 0.0', '91.0 ± 0.0', '91.0 ± 1.4'],
      ...['10', '100.0 ×', '30.0 ± 0.0 s', '0.50 ± 0.00 GB'],
    ]);
    expect([ceft[7], fft.slice(6, 8)]).toEqual(['10.0 ×', ['1,000', '1.0 ×']]);
  });

  it('masking: change from the router-tuned model, seed by seed', () => {
    const [, base, rt, random, oe, ce] = maskingRows(twoSeeds);
    expect(base).toEqual(['base', '–', '30.0', '31.0', '−52.0 ± 2.8']);
    expect(rt.slice(1)).toEqual(['–', '82.0 ± 2.8', '83.0 ± 2.8', '0.0 ± 0.0']);
    // −10 and −18.
    expect(random.slice(1)).toEqual(['2', '68.0 ± 2.8', '69.0 ± 2.8', '−14.0 ± 5.7']);
    expect([oe[4], ce[4]]).toEqual(['−41.0 ± 1.4', '−60.0 ± 0.0']);
  });

  it('layers: gains, and a dash where they are not known', () => {
    expect(layerRows(twoSeeds).slice(1)).toEqual([
      ['0', '+0.20 ± 0.14', '0.00 ± 0.00', '+0.200 ± 0.141'],
      ['1', '+0.50 ± 0.00', '+3.00 ± 1.41', '+0.200 ± 0.141'],
    ]);
    const inside = twoSeeds.inside.map(result => ({ ...result, answerGain: [] }));
    expect(layerRows({ ...twoSeeds, inside })[1][2]).toBe('–');
  });

  it('transfer: the untuned model, and gains over it', () => {
    expect(transferRows(twoSeeds).slice(1)).toEqual([
      ['nothing (EM)', '30.0', '50.0', '90.0'],
      ['swap', '+52.0 ± 2.8', '+12.0 ± 2.8', '0.0 ± 2.8'],
      ['multihop', '+22.0 ± 2.8', '+30.0 ± 0.0', '−2.0 ± 2.8'],
      ['reading', '+12.0 ± 2.8', '+2.0 ± 0.0', '+6.0 ± 0.0'],
    ]);
  });

  it('experts: lists of the first seed, overlaps', () => {
    // CE and OE of layer 0: all in common with the first seed, one of two with the second.
    expect(expertRows(twoSeeds).slice(1)).toEqual([
      ['0', '1, 2', '1, 2', '50 %', '100 %', '75 %'],
      ['1', '3, 4', '5, 6', '100 %', '100 %', '0 %'],
      ['mean', '', '', '75 %', '100 %', '38 %'],
    ]);
  });

  it('learning rates: those tried and that chosen', () => {
    expect(rateRows(twoSeeds)[1]).toEqual(['RT', '3e−3 (0.5000), 1e−2 (0.2500)', '1e−2']);
  });
});
