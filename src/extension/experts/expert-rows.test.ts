/** @file Rows of the Experts view. */
import { expect, test } from 'vitest';

import type { ContextDependence } from '../../protocol/artifacts';
import { expertDescription, expertLabel, expertRows, expertTooltip, layerDescription } from './expert-rows';

const result: ContextDependence = {
  ...{ schema_version: 1, k: 1, top_k: 2, num_experts: 3, samples: 1200 },
  ratio: {
    base: { 10: [0.118, 0.5, 0.382], 2: [0.2, 0.3, 0.5] },
    tuned: { 10: [0.441, 0.1774, 0.3816], 2: [0.2, 0.5, 0.3] },
  },
  count: { base: { 10: [118, 500, 382], 2: [2, 3, 5] }, tuned: { 10: [44100, 177, 382], 2: [2, 5, 3] } },
  ce: { 10: [0], 2: [1] },
  oe: { 10: [1], 2: [2] },
};

test('layers ascend by number, experts descend by tuned ratio', () => {
  const layers = expertRows(result);
  expect(layers.map(({ layer }) => layer)).toEqual([2, 10]);
  expect(layers[1].experts.map(({ expert }) => expert)).toEqual([0, 2, 1]);
  expect(layers.map(layerDescription)).toEqual(['CE 1', 'CE 0']);
});

test('experts descend by what router tuning added, and others than context-faithful ones can be left out', () => {
  const byChange = expertRows(result, { order: 'change', contextFaithfulOnly: false });
  expect(byChange[0].experts.map(({ expert }) => expert)).toEqual([1, 0, 2]);
  const faithful = expertRows(result, { order: 'ratio', contextFaithfulOnly: true });
  expect(faithful.map(({ experts }) => experts.map(({ expert }) => expert))).toEqual([[1], [0]]);
});

test('an expert says its ratio, the difference to the untuned model and its badges', () => {
  const [first, second, third] = expertRows(result)[1].experts;
  expect([first, second, third].map(expertLabel)).toEqual(['★ 0', '2', '1']);
  expect([first, second, third].map(expertDescription)).toEqual([
    '44.1 %  (+32.3)  CE',
    '38.2 %  (±0.0)',
    '17.7 %  (−32.3)  OE',
  ]);
  expect(expertTooltip(first, result)).toContain('44.1 % of the routing, 44,100 token slots');
});
