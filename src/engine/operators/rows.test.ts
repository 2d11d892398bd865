import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { Graph, type Tensor } from '../graph';
import type { HostTensor } from '../session';
import { type Array64, at, compute, sum } from '../testing/array64';
import { evaluate, floats, integers, numbers } from '../testing/evaluate';
import { describeOperators, type OperatorCase } from '../testing/operator-cases';
import { multiply } from './elementwise';
import * as operators from './rows';

const { combineRows, dispatchRows, joinRows, placeRows, splitRows } = operators;

const width = 3;

interface Placement {
  readonly title: string;
  /** Rows of the input. */
  readonly rows: number;
  readonly index: number[];
  readonly inverse: number[];
  readonly holes?: { holes?: operators.Holes; inverseHoles?: operators.Holes };
}

const placements: Placement[] = [
  { title: 'a permutation', rows: 4, index: [3, 0, 2, 1], inverse: [1, 3, 2, 0] },
  {
    title: 'packed rows into padded sequences',
    rows: 3,
    index: [0, 1, 3, 3, 2, 3],
    inverse: [0, 1, 4],
    holes: { holes: 'zeros' },
  },
  {
    title: 'padded sequences packed',
    rows: 6,
    index: [0, 1, 4],
    inverse: [0, 1, 3, 3, 2, 3],
    holes: { inverseHoles: 'zeros' },
  },
  {
    title: 'some rows to some places',
    rows: 4,
    index: [4, 2, 4, 0, 3],
    inverse: [3, 5, 1, 4],
    holes: { holes: 'zeros', inverseHoles: 'zeros' },
  },
];

/** Rows by index; an index past the last row means zeros. */
function placed(x: Array64, index: number[]): Array64 {
  return compute([index.length, width], (place, column) =>
    index[place] < x.shape[0] ? at(x, index[place], column) : 0,
  );
}

const placementCases = placements.map(({ title, rows, index, inverse, holes }): OperatorCase => ({
  operator: 'placeRows',
  title,
  inputs: [{ shape: [rows, width], declared: ['rows', width] }],
  build: x => placeRows(x, { index: x.graph.int(index), inverse: x.graph.int(inverse), ...holes }),
  reference: x => placed(x, index),
  tensorflow: x => tf.gather(tf.concat([x, tf.zeros([1, width])], 0), index),
}));

// There and back, with a product in between: what stands in the padding reaches neither values nor gradients.
const [padIndex, packIndex] = [
  [0, 1, 3, 3, 2, 3],
  [0, 1, 4],
];
const unreadCase: OperatorCase = {
  operator: 'placeRows',
  title: 'padding that nothing reads',
  inputs: [{ shape: [3, width], declared: ['rows', width] }],
  build: x => {
    const [index, inverse] = [padIndex, packIndex].map(list => x.graph.int(list));
    const padded = placeRows(x, { index, inverse, holes: 'unread' });
    return placeRows(multiply(padded, padded), { index: inverse, inverse: index, inverseHoles: 'zeros' });
  },
  reference: x => compute(x.shape, (...place) => at(x, ...place) ** 2),
  tensorflow: x => tf.square(x),
};

const slots = 2;
const expertOfPair = [2, 0, 0, 1, 2, 1, 0, 2];
const order = expertOfPair.map((_, pair) => pair).sort((a, b) => expertOfPair[a] - expertOfPair[b] || a - b);
const inverse = order.map((_, pair) => order.indexOf(pair));
const dispatchIn = (graph: Graph): operators.Dispatch => ({
  slots,
  order: graph.int(order),
  inverse: graph.int(inverse),
});

const dispatchCases: OperatorCase[] = [
  {
    operator: 'dispatchRows',
    title: 'tokens in two slots each',
    inputs: [{ shape: [4, width], declared: ['tokens', width] }],
    build: x => dispatchRows(x, dispatchIn(x.graph)),
    reference: x => compute([8, width], (place, column) => at(x, Math.floor(order[place] / slots), column)),
    tensorflow: x =>
      tf.gather(
        x,
        order.map(pair => Math.floor(pair / slots)),
      ),
  },
  {
    operator: 'combineRows',
    title: 'sums over two slots',
    inputs: [{ shape: [8, width], declared: ['pairs', width] }],
    build: x => combineRows(x, dispatchIn(x.graph), 'tokens'),
    reference: x =>
      compute([4, width], (token, column) =>
        sum(slots, slot => at(x, inverse[token * slots + slot], column)),
      ),
    tensorflow: x => tf.sum(tf.reshape(tf.gather(x, inverse), [4, slots, width]), 1),
  },
  {
    operator: 'combineRows',
    title: 'a known number of tokens',
    inputs: [[8, width]],
    build: x => combineRows(x, dispatchIn(x.graph), 4),
    reference: x =>
      compute([4, width], (token, column) =>
        sum(slots, slot => at(x, inverse[token * slots + slot], column)),
      ),
    tensorflow: x => tf.sum(tf.reshape(tf.gather(x, inverse), [4, slots, width]), 1),
  },
];

const groupings = [
  { title: 'groups of several lengths', lengths: [2, 1, 3] },
  { title: 'empty groups inside and at the ends', lengths: [0, 2, 0, 4, 0] },
  { title: 'one group', lengths: [6] },
].map(({ title, lengths }) => ({
  title,
  lengths,
  starts: lengths.map((_, group) => sum(group, before => lengths[before])),
}));

const groupCases = groupings.flatMap(({ title, lengths, starts }): OperatorCase[] => {
  const groupsIn = (graph: Graph): operators.RowGroups => ({
    starts: graph.int(starts),
    lengths: graph.int(lengths),
    count: lengths.length,
  });
  const group = (x: Array64, i: number): Array64 =>
    compute([lengths[i], width], (row, column) => at(x, starts[i] + row, column));
  const last = lengths.length - 1;
  return [
    {
      operator: 'splitRows',
      title,
      inputs: [{ shape: [6, width], declared: ['rows', width] }],
      build: x => splitRows(x, groupsIn(x.graph)),
      reference: x => lengths.map((_, i) => group(x, i)),
      tensorflow: x => lengths.map((length, i) => tf.slice(x, [starts[i], 0], [length, width])),
    },
    {
      operator: 'splitRows',
      title: `${title}, of which only the last is used`,
      inputs: [{ shape: [6, width], declared: ['rows', width] }],
      build: x => splitRows(x, groupsIn(x.graph))[last],
      reference: x => group(x, last),
      tensorflow: x => tf.slice(x, [starts[last], 0], [lengths[last], width]),
    },
    {
      operator: 'joinRows',
      title,
      inputs: lengths.map((length, i) => ({ shape: [length, width], declared: [`group ${i}`, width] })),
      build: (...parts) => joinRows(parts, groupsIn(parts[0].graph), 'rows'),
      reference: (...parts) => {
        const data = Float64Array.from(parts.flatMap(part => [...part.data]));
        return { shape: [6, width], data };
      },
      tensorflow: (...parts) => tf.concat(parts, 0),
    },
  ];
});

describeOperators(operators, [...placementCases, unreadCase, ...dispatchCases, ...groupCases]);

it('placeRows takes leading axes together and gives the shape of the index', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch', 'length', 2]);
  const index = graph.input('index', 'int64', ['places', 2]);
  const inverse = graph.input('inverse', 'int64', ['rows']);
  const placedRows = placeRows(x, { index, inverse, holes: 'zeros' });
  expect(placedRows.shape).toEqual(['places', 2, 2]);
  const feeds = new Map<Tensor, HostTensor>([
    [x, floats([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])],
    [index, integers([3, 0, 4, 2], [2, 2])],
  ]);
  const [actual] = await evaluate(graph, [placedRows], feeds);
  expect(actual.shape).toEqual([2, 2, 2]);
  expect(numbers(actual)).toEqual([7, 8, 1, 2, 0, 0, 5, 6]);
});

it('no rows at all pass through dispatch and combination', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['tokens', 2]);
  const order = graph.input('order', 'int64', ['pairs']);
  const inverse = graph.input('inverse', 'int64', ['pairs']);
  const dispatch = { slots: 2, order, inverse };
  const result = combineRows(dispatchRows(x, dispatch), dispatch, 'tokens');
  const feeds = new Map<Tensor, HostTensor>([
    [x, floats([], [0, 2])],
    [order, integers([])],
    [inverse, integers([])],
  ]);
  const [actual] = await evaluate(graph, [result], feeds);
  expect(actual.shape).toEqual([0, 2]);
});

it('rows of unknown width are refused', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', 'width']);
  const index = graph.int([0, 1]);
  expect(() => placeRows(x, { index, inverse: index })).toThrow('rows of unknown width: [rows, width]');
});
