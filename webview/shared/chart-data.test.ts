/** @file The table, the figure and the words of a chart hold its numbers. */
import { describe, expect, it } from 'vitest';

import { csv } from '../../src/figures/csv';
import { svgElements } from '../../test/helpers/svg';
import {
  type BarChartData,
  chartFigure,
  chartTable,
  dashOf,
  describeChart,
  keyOf,
  type LineChartData,
  type ScatterData,
} from './chart-data';

const format = (value: number): string => value.toFixed(1);
const lines: LineChartData = {
  kind: 'lines',
  title: 'Loss, nats',
  xName: 'step',
  format,
  series: [
    {
      name: 'batch',
      tone: 'base',
      points: [
        { x: 2, y: 3 },
        { x: 0, y: 5 },
      ],
    },
    {
      name: 'dev',
      tone: 'tuned',
      points: [
        { x: 2, y: 4, low: 3.5, high: 4.5 },
        { x: 4, y: null },
      ],
    },
  ],
};
const bars: BarChartData = {
  kind: 'bars',
  title: 'Exact match, percent',
  rowName: 'condition',
  rows: ['base', 'CE masked'],
  format,
  series: [{ name: 'EM', tone: 0, values: [{ y: 40, low: 30, high: 55 }, undefined] }],
};
const points: ScatterData = {
  kind: 'points',
  title: 'Map',
  axes: 'UMAP',
  format,
  groups: [
    { name: 'swap', points: [{ x: 1, y: 2, label: 'sample 7' }] },
    { name: 'shift', points: [{ x: 3, y: 4, label: 'sample 0' }] },
  ],
};

describe('chartTable', () => {
  it('has a line for every x in order, empty where a series has none, intervals beside their values', () => {
    expect(csv(chartTable(lines))).toBe('step,batch,dev,dev low,dev high\n0,5,,,\n2,3,4,3.5,4.5\n4,,,,\n');
  });
  it('has a line for every bar row', () => {
    expect(csv(chartTable(bars))).toBe('condition,EM,EM low,EM high\nbase,40,30,55\nCE masked,,,\n');
  });
  it('has a line for every point', () => {
    expect(csv(chartTable(points))).toBe('group,point,x,y\nswap,sample 7,1,2\nshift,sample 0,3,4\n');
  });
});

describe('chartFigure', () => {
  it('draws lines in their dashes, and a band where there is an interval', () => {
    const paths = svgElements(chartFigure(lines)).filter(({ name }) => name === 'path');
    const strokes = paths.filter(({ attributes }) => attributes.fill === 'none');
    expect(strokes.map(({ attributes }) => attributes['stroke-dasharray'])).toEqual(['5 3', undefined]);
    expect(paths.length - strokes.length).toBe(1);
  });
  it('says what a bar does not know, and draws the others with their whiskers', () => {
    const elements = svgElements(chartFigure(bars));
    const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['Exact match, percent', 'base', '40.0', 'not known']));
  });
  it('has a key of the groups of points', () => {
    const texts = svgElements(chartFigure(points)).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['Map', 'UMAP', 'swap', 'shift']));
  });
});

describe('describeChart', () => {
  it('says beginning, end and highest value of lines', () => {
    const data = {
      ...lines,
      series: [
        {
          name: 'a',
          tone: 0,
          points: [
            { x: 0, y: 1 },
            { x: 1, y: 9 },
            { x: 2, y: 4 },
          ],
        },
      ],
    };
    expect(describeChart(data)).toBe(
      'Loss, nats. a: from 1.0 at step 0 to 4.0 at step 2, highest 9.0 at step 1.',
    );
    expect(describeChart({ ...lines, series: [{ name: 'a', tone: 0, points: [] }] })).toContain(
      'a: no values',
    );
  });
  it('says every bar and the size of groups', () => {
    expect(describeChart(bars)).toBe('Exact match, percent. EM: base 40.0, CE masked not known.');
    expect(describeChart(points)).toBe('Map. swap: 1 points; shift: 1 points.');
  });
});

describe('series', () => {
  it('of 28 have 28 different pairs of colour and dash', () => {
    const looks = Array.from({ length: 28 }, (_, n) => `${n % 7} ${dashOf(n).join(' ')}`);
    expect(new Set(looks).size).toBe(28);
    expect(dashOf('base')).not.toEqual(dashOf('tuned'));
  });
  it('and groups are what the key lists', () => {
    expect(keyOf(lines)).toEqual([
      { name: 'batch', tone: 'base' },
      { name: 'dev', tone: 'tuned' },
    ]);
    expect(keyOf(points).map(({ tone }) => tone)).toEqual([0, 1]);
  });
});
