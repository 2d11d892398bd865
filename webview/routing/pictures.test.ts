/** @file Saved pictures and tables hold what the panel shows. */
import { describe, expect, it } from 'vitest';

import { svgElements } from '../../test/helpers/svg';
import { gridOf } from './grid';
import { groupsOf } from './groups';
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
