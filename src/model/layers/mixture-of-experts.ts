/** @file The mixture of experts: dispatch, experts, combination; shared experts beside it. */
import type { FloatTensor } from '../../engine/graph';
import { conditional } from '../../engine/operators/conditional';
import { add, compare, multiply, sigmoid } from '../../engine/operators/elementwise';
import {
  countOccurrences,
  elementAt,
  exclusiveSums,
  inversePermutation,
  sortOrder,
} from '../../engine/operators/indexing';
import {
  combineRows,
  dispatchRows,
  joinRows,
  placeRows,
  type RowGroups,
  splitRows,
} from '../../engine/operators/rows';
import { emptyRows, reshape } from '../../engine/operators/shaping';
import { type MixtureOfExperts, siluActivation } from '../architecture';
import { gatedFeedForward } from './gated-feed-forward';
import { multiplyByWeight } from './projection';
import type { Routing } from './router';
import type { LoadWeight } from './weights';

export interface FeedForwardResult {
  /** [tokens, hidden] */
  readonly output: FloatTensor;
  /** Values that are dear to compute and that the backward pass reads. */
  readonly worthSaving: readonly FloatTensor[];
}

/** @param x [tokens, hidden], normalised */
export function mixtureOfExperts(
  x: FloatTensor,
  routing: Routing,
  architecture: MixtureOfExperts,
  load: LoadWeight,
): FeedForwardResult {
  const routed = routedExperts(x, routing, architecture, load);
  if (!architecture.shared) return routed;
  const shared = sharedExpert(x, architecture.shared, load);
  return {
    output: add(routed.output, shared.output),
    worthSaving: [...routed.worthSaving, ...shared.worthSaving],
  };
}

function routedExperts(
  x: FloatTensor,
  routing: Routing,
  architecture: MixtureOfExperts,
  load: LoadWeight,
): FeedForwardResult {
  const { experts, topK, expertWidth, activation } = architecture;
  const pairs = reshape(routing.indices, ['pairs']);
  const order = sortOrder(pairs);
  const inverse = inversePermutation(order);
  const dispatch = { slots: topK, order, inverse };
  const byExpert = { index: order, inverse };
  const lengths = countOccurrences(pairs, experts);
  const groups: RowGroups = { starts: exclusiveSums(lengths), lengths, count: experts };

  const rows = splitRows(dispatchRows(x, dispatch), groups);
  const rowWeights = splitRows(placeRows(reshape(routing.weights, ['pairs', 1]), byExpert), groups);
  const worthSaving: FloatTensor[] = [];
  const outputs = rows.map((expertRows, expert) => {
    const [output, gate, up] = conditional(
      compare('Greater', elementAt(lengths, expert), x.graph.int([0])),
      () => {
        const { output, gate, up } = gatedFeedForward(
          expertRows,
          architecture.expert(expert),
          activation,
          load,
          rowWeights[expert],
        );
        return [output, gate, up];
      },
      () => [expertRows, emptyRows(x.graph, expertWidth), emptyRows(x.graph, expertWidth)],
    );
    worthSaving.push(gate, up);
    return output;
  });
  const joined = joinRows(outputs, groups, 'pairs');
  return { output: combineRows(joined, dispatch, x.shape[0]), worthSaving };
}

function sharedExpert(
  x: FloatTensor,
  { expert, gate: sharedGate }: NonNullable<MixtureOfExperts['shared']>,
  load: LoadWeight,
): FeedForwardResult {
  const { output, gate, up } = gatedFeedForward(x, expert, siluActivation, load);
  const weight = sharedGate && sigmoid(multiplyByWeight(x, sharedGate, load));
  return { output: weight ? multiply(output, weight) : output, worthSaving: [gate, up, output] };
}
