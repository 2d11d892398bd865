/** @file Saved pictures and tables hold what the panel shows. */
import { describe, expect, it } from 'vitest';

import { svgElements } from '../../test/helpers/svg';
import { ablationPicture } from './ablation-picture';
import { gridOf } from './grid';
import { groupsOf } from './groups';
import { headPicture } from './head-picture';
import { type Coloured, loadPicture, mapPicture, promptPicture } from './pictures';
import { smallView } from './small-view.fixture';

const groups = groupsOf(smallView, 'token');
const choice = { mode: 'tuned', quantity: 'ce_share', layer: undefined } as const;
const shown = (): Coloured => ({
  ...{ view: smallView, groups, quantity: choice.quantity },
  grid: gridOf(smallView, groups, choice),
});
const texts = (svg: string): string[] =>
  svgElements(svg)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);

describe('the heat map', () => {
  const picture = mapPicture(shown);
  it('as a table: a line for each layer and token', () =>
    expect(picture.csv?.()).toBe(
      [
        'layer,first token,last token,text,value',
        '1,0,0,Paris,1',
        '1,1,1,?,0.25',
        '2,0,0,Paris,0.5',
        '2,1,1,?,0.75',
        '',
      ].join('\n'),
    ));
  it('as a picture: its title, its scale, its layers', () => {
    const found = texts(picture.svg());
    expect(found).toEqual(
      expect.arrayContaining(['context-faithful share by layer and token', 'L1', 'L2', 'token']),
    );
    expect(found[1]).toContain('from 0\u00a0% (light) to 100\u00a0% (dark)');
  });
});

describe('the prompt', () => {
  const picture = promptPicture(shown);
  it('as a table: a line for each token', () =>
    expect(picture.csv?.()).toBe(
      'first token,last token,text,span,value\n0,0,Paris,context,0.75\n1,1,?,question,0.5\n',
    ));
  it('as a picture: its texts', () =>
    expect(texts(picture.svg())).toEqual(expect.arrayContaining(['Paris', '?'])));
  it('breaks lines where the text does, and where they are full', () => {
    const long = { ...smallView.tokens[0], text: `a\n${'b'.repeat(120)}` };
    const view = { ...smallView, tokens: [long, smallView.tokens[1]] };
    const svg = promptPicture(() => ({ ...shown(), view })).svg();
    expect(texts(svg)).toEqual(expect.arrayContaining(['a', 'b'.repeat(110), 'b'.repeat(10), '?']));
  });
});

describe('the load of experts', () => {
  it('as a table: a line for each layer and expert', () =>
    expect(
      loadPicture(() => smallView)
        .csv?.()
        .split('\n')
        .slice(0, 5),
    ).toEqual([
      'layer,expert,context-faithful,base,tuned',
      '1,0,true,0.25,0.5',
      '1,1,false,0.5,0.25',
      '1,2,false,0.25,0',
      '1,3,true,0,0.25',
    ]));
  it('as a picture: a ★ for every context-faithful expert', () =>
    expect(texts(loadPicture(() => smallView).svg()).filter(text => text === '★')).toHaveLength(4));
});

describe('attention by head', () => {
  const result = {
    ...{ layers: [1, 2], heads: 2 },
    base: [
      [
        [0.75, 0.25],
        [0.5, 0.5],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ],
  };
  const shownHeads = { view: smallView, token: 1, result, mode: 'base' } as const;
  it('as a table: a line for each layer, head and token', () =>
    expect(headPicture(() => shownHeads).csv?.()).toBe(
      [
        'layer,head,token,text,base,tuned',
        ...['1,0,0,Paris,0.75,', '1,0,1,?,0.25,', '1,1,0,Paris,0.5,', '1,1,1,?,0.5,'],
        ...['2,0,0,Paris,1,', '2,0,1,?,0,', '2,1,0,Paris,0,', '2,1,1,?,1,'],
        '',
      ].join('\n'),
    ));
  it('as a picture: the token, the side, layers and heads', () => {
    const found = texts(headPicture(() => shownHeads).svg());
    expect(found[0]).toBe('Attention by head from token 1 “?”');
    expect(found[1]).toMatch(/^base · /);
    expect(found).toEqual(expect.arrayContaining(['L1', 'L2', 'H0', 'H1']));
  });
  it('as a picture: a strip of a layer is as long as the prompt, with a gap after each head', () => {
    const panelWidth = (tokens: number): number => {
      const row = Array<number>(tokens).fill(1 / tokens);
      const view = { ...smallView, tokens: Array(tokens).fill(smallView.tokens[0]) };
      const one = { layers: [0], heads: 1, base: [[row]] };
      const svg = headPicture(() => ({ ...shownHeads, view, token: tokens - 1, result: one })).svg();
      const [, left, cell] = /translate\((\d+) 0\) scale\((\S+) /.exec(svg) ?? [];
      return Number(left) + Number(cell) * (tokens + 1);
    };
    expect(panelWidth(9)).toBe(44 + 14 * 10);
    expect(panelWidth(899)).toBe(44 + 900);
  });
});

describe('an ablation', () => {
  const said = { answer: ' Rome', answer_probability: 0.5 };
  const outcome = {
    reference: 'Paris',
    outcomes: [
      { mask: 'none', edited: false, ...said, answer: 'Paris', reference_probability: 0.5 },
      { mask: 'set', edited: true, ...said, reference_probability: 0.125 },
    ] as const,
  };
  const picture = ablationPicture(() => ({
    outcome: { ...outcome, outcomes: [...outcome.outcomes] },
    maskedSet: 'mine',
  }));
  it('as a table: a line for each answer', () =>
    expect(picture.csv?.()).toBe(
      [
        'masked,prompt,answer,answer probability,reference,probability of the reference',
        'none,as traced,Paris,0.5,Paris,0.5',
        'set “mine”,edited, Rome,0.5,Paris,0.125',
        '',
      ].join('\n'),
    ));
  it('as a picture: a row for each mask, a bar for each prompt, the absent ones named', () => {
    const found = texts(picture.svg());
    expect(found[0]).toBe('Probability of “Paris” with experts masked');
    expect(found).toEqual(expect.arrayContaining(['none', 'set “mine”', 'as traced', 'edited', '50\u00a0%']));
    expect(found.filter(text => text === 'not known')).toHaveLength(2);
  });
});
