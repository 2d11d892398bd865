/** @file A heat map as SVG. */
import { expect, test } from 'vitest';

import { svgElements } from '../../test/helpers/svg';
import type { Rgb } from './colour-scale';
import { gridPanel } from './grid-panel';

const [red, blue]: Rgb[] = [
  [255, 0, 0],
  [0, 0, 255],
];

test('one path a colour, one rectangle a run of cells', () => {
  const colours = [
    [red, red, blue],
    [blue, red, red],
  ];
  const { content } = gridPanel({
    rowLabels: ['L0', 'L1'],
    columns: 3,
    columnName: 'token',
    colourAt: (row, column) => colours[row][column],
  });
  const elements = svgElements(`<svg>${content}</svg>`);
  const paths = elements.filter(({ name }) => name === 'path');
  expect(paths.map(({ attributes }) => [attributes.fill, attributes.d])).toEqual([
    ['rgb(255, 0, 0)', 'M0 0h2v1h-2zM1 1h2v1h-2z'],
    ['rgb(0, 0, 255)', 'M2 0h1v1h-1zM0 1h1v1h-1z'],
  ]);
  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  expect(texts).toEqual(['L0', 'L1', 'token']);
});

test('no columns, no cells', () => {
  const { content } = gridPanel({ rowLabels: ['L0'], columns: 0, columnName: 'token', colourAt: () => red });
  expect(content).not.toContain('<path');
});
