/** @file Figures: well-formed, every number where it belongs. */
import { describe, expect, it } from 'vitest';

import { type SvgElement, svgElements } from '../../test/helpers/svg';
import type { Estimate } from '../protocol/evaluation';
import { barPanel } from './bar-panel';
import { figure, type Panel } from './figure';
import { heatPanel } from './heat-panel';
import { linePanel } from './line-panel';
import { divergingColour, matrixPanel } from './matrix-panel';
import { linearScale } from './scale';
import { groupKey, scatterPanel } from './scatter-panel';
import { label } from './svg';
import { textPanel } from './text-panel';

const elementsOf = (...panels: Panel[]): SvgElement[] => svgElements(figure({ title: 'A title', panels }));
const numbers = (elements: readonly SvgElement[], attribute: string): number[] =>
  elements.map(({ attributes }) => Number(attributes[attribute]));
const named = (elements: readonly SvgElement[], name: string): SvgElement[] =>
  elements.filter(element => element.name === name);
const estimate = (value: number | null, low = value, high = value): Estimate => ({
  value,
  low,
  high,
  samples: 1,
});

describe('svg', () => {
  it('escapes what XML reserves, and cannot hold', () => {
    const [element] = svgElements(label(0, 0, '<b> & "c" \u0001', { 'data-x': 'a"<' }));
    expect(element.text).toBe('<b> & "c" \ufffd');
    expect(element.attributes['data-x']).toBe('a"<');
  });
});

describe('linearScale', () => {
  it('is linear between the ends, with round ticks inside', () => {
    const scale = linearScale([-0.1, 0.45], [200, 0]);
    expect([scale(-0.1), scale(0.45)]).toEqual([200, 0]);
    expect(scale(0.175)).toBeCloseTo(100, 9);
    expect(scale.ticks.map(scale.format)).toEqual(['-0.1', '0.0', '0.1', '0.2', '0.3', '0.4']);
  });

  it('does with a single value', () => {
    const scale = linearScale([3, 3], [0, 10]);
    expect(Number.isFinite(scale(3))).toBe(true);
    expect(scale.ticks.length).toBeGreaterThan(1);
  });
});

describe('figure', () => {
  it('is as wide as its panels and says what it is', () => {
    const panel = { width: 300, height: 100, content: '' };
    const key = [{ name: 'base', colour: '#000' }];
    const elements = svgElements(figure({ title: 'T', note: 'n', key, panels: [panel, panel] }));
    const [root] = elements;
    expect(Number(root.attributes.width)).toBeGreaterThanOrEqual(2 * 300);
    expect(root.attributes.viewBox).toBe(`0 0 ${root.attributes.width} ${root.attributes.height}`);
    expect(named(elements, 'title')[0].text).toBe('T');
    expect(named(elements, 'text').map(({ text }) => text)).toEqual(['T', 'n', 'base']);
  });
});

describe('linePanel', () => {
  it('has a dot for each value at equal distances, heights in proportion, and a gap where a value is missing', () => {
    const estimates = [estimate(0), estimate(1, 0.5, 1.5), estimate(null), estimate(2)];
    const options = { title: 't', xName: 'layer', yName: 'y', series: [{ colour: '#123456', estimates }] };
    const elements = elementsOf(linePanel(options));
    const dots = named(elements, 'circle');
    const [x, y] = [numbers(dots, 'cx'), numbers(dots, 'cy')];
    expect(dots.length).toBe(3);
    expect(x[2] - x[0]).toBeCloseTo(3 * (x[1] - x[0]), 1);
    expect(y[0] - y[2]).toBeCloseTo(2 * (y[0] - y[1]), 1);
    const strokes = named(elements, 'path').filter(({ attributes }) => attributes.fill === 'none');
    expect(strokes.map(({ attributes }) => attributes.d.match(/[ML]/g)?.length)).toEqual([2, 1]);
  });
});

describe('linePanel over steps', () => {
  it('puts each value at its x, without dots where they are many', () => {
    const at = Array.from({ length: 101 }, (_, i) => 2 * i);
    const few = { colour: '#123456', at: [0, 50, 200], estimates: [estimate(1), estimate(2), estimate(3)] };
    const many = { colour: '#654321', at, estimates: at.map(x => estimate(x)) };
    const options = { title: 't', xName: 'step', yName: 'y', series: [few, many] };
    const dots = named(elementsOf(linePanel(options)), 'circle');
    const x = numbers(dots, 'cx');
    expect(dots.map(({ attributes }) => attributes.fill)).toEqual(Array(3).fill('#123456'));
    expect(x[2] - x[0]).toBeCloseTo(4 * (x[1] - x[0]), 1);
  });
});

describe('barPanel', () => {
  it('has bars in proportion to their values, and says what is not known', () => {
    const rows = [
      { name: 'one', bars: [{ colour: '#123456', value: 10, interval: [5, 15] as const }] },
      { name: 'two', bars: [{ colour: '#123456', value: 40 }] },
      { name: 'three', bars: [{ colour: '#123456' }] },
    ];
    const panel = barPanel({ title: 't', xName: '%', rows, format: value => value.toFixed(0), atLeast: 100 });
    const elements = elementsOf(panel);
    const bars = named(elements, 'rect').filter(({ attributes }) => attributes.fill === '#123456');
    const [first, second] = numbers(bars, 'width');
    expect(bars.length).toBe(2);
    expect(second).toBeCloseTo(4 * first, 1);
    const texts = named(elements, 'text').map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['one', 'two', 'three', '10', '40', 'not known', '100']));
  });
});

describe('scatterPanel', () => {
  it('draws every point inside of the frame, groups by colour and shape', () => {
    const points = [
      { x: -1, y: 0, group: 0 },
      { x: 3, y: 1, group: 1 },
      { x: 1, y: 1, group: 1 },
    ];
    const marks = named(elementsOf(scatterPanel(points, 'axes')), 'path');
    expect(marks.length).toBe(3);
    expect(marks[0].attributes.fill).not.toBe(marks[1].attributes.fill);
    expect(marks[0].attributes.d).not.toBe(marks[1].attributes.d);
    expect(marks[1].attributes).toEqual(marks[2].attributes);
    expect(groupKey(['a', 'b']).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('matrixPanel', () => {
  it('has a cell for each pair, orange above and blue below zero', () => {
    const panel = matrixPanel({
      ...{ rowsName: 'r', columnsName: 'c', rows: ['a', 'b'], columns: ['x'] },
      ...{ values: [[10], [-5]], details: [['d1'], ['d2']], format: String },
    });
    const fills = named(elementsOf(panel), 'rect').map(({ attributes }) => attributes.fill);
    expect(fills.slice(1)).toEqual([divergingColour(1), divergingColour(-0.5)]);
    expect([divergingColour(0), divergingColour(1)]).toEqual(['rgb(255,255,255)', 'rgb(190,80,0)']);
  });
});

describe('heatPanel', () => {
  it('has a cell for each number in the colour of its share of the largest', () => {
    const values = [
      [0, 0.2],
      [0.1, 0.4],
    ];
    const cells = named(
      elementsOf(heatPanel({ rows: ['L0', 'L1'], columnName: 'expert', values })),
      'rect',
    ).filter(({ attributes }) => attributes.width === '14');
    const fills = cells.map(({ attributes }) => attributes.fill);
    expect(fills).toEqual([0, 0.5, 0.25, 1].map(divergingColour));
  });
});

describe('textPanel', () => {
  it('keeps the words in order, breaks lines where the text does or where one is full', () => {
    const word = 'x'.repeat(60);
    const pieces = ['a', ' b\n', 'c', word, word].map(text => ({ text, value: 0 }));
    const texts = named(elementsOf(textPanel(pieces, String)), 'text').slice(3);
    expect(texts.map(({ text }) => text)).toEqual(['a', ' b', 'c', word, word]);
    const [a, b, c, first, second] = numbers(texts, 'y');
    expect([b, first]).toEqual([a, c]);
    expect(c).toBeGreaterThan(b);
    expect(second).toBeGreaterThan(first);
  });
});
