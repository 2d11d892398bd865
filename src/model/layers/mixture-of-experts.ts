/** @file The mixture of experts: router, dispatch, experts, combination. */
import type { FloatTensor, IndexTensor } from '../../engine/graph';
import { conditional } from '../../engine/operators/conditional';
import { compare, divide, multiply, silu } from '../../engine/operators/elementwise';
import {
  countOccurrences,
  elementAt,
  exclusiveSums,
  gatherElements,
  inversePermutation,
  sortOrder,
  topIndices,
} from '../../engine/operators/indexing';
import { linear } from '../../engine/operators/linear-algebra';
import { reduceSum, softmax } from '../../engine/operators/reduction';
import {
  combineRows,
  dispatchRows,
  joinRows,
  placeRows,
  type RowGroups,
  splitRows,
} from '../../engine/operators/rows';
import { emptyRows, reshape } from '../../engine/operators/shaping';
import type { ExpertWeights, MixtureOfExperts, WeightReference } from '../architecture';

export interface Routing {
  /** [tokens, experts], before the softmax, with the mask of switched-off experts. */
  readonly logits: FloatTensor;
  /** [tokens, top-k], in descending order of logit. */
  readonly indices: IndexTensor;
  /** [tokens, top-k]: factors on the experts' outputs. */
  readonly weights: FloatTensor;
}

export interface MixtureResult {
  /** [tokens, hidden] */
  readonly output: FloatTensor;
  readonly routing: Routing;
  readonly worthSaving: readonly FloatTensor[];
}

/**
 * @param x [tokens, hidden], normalised
 * @param logits [tokens, experts]
 * @param load gives a weight in float32
 */
export function mixtureOfExperts(
  x: FloatTensor,
  logits: FloatTensor,
  architecture: MixtureOfExperts,
  load: (weight: WeightReference) => FloatTensor,
): MixtureResult {
  const { experts, topK } = architecture;
  const routing = route(logits, architecture);
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
      () => expertForward(expertRows, rowWeights[expert], architecture.expert(expert), load),
      () => {
        const { gate } = architecture.expert(expert);
        const [width] = gate.shape;
        return [expertRows, emptyRows(x.graph, width), emptyRows(x.graph, width)];
      },
    );
    worthSaving.push(gate, up);
    return output;
  });
  const joined = joinRows(outputs, groups, 'pairs');
  return { output: combineRows(joined, dispatch, x.shape[0]), routing, worthSaving };
}

/** Softmax over all experts, then the k largest (OLMoE; renormalised where the family does so). */
function route(logits: FloatTensor, { topK, normalise }: MixtureOfExperts): Routing {
  const indices = topIndices(logits, topK);
  const chosen = gatherElements(softmax(logits), indices);
  return { logits, indices, weights: normalise ? divide(chosen, reduceSum(chosen, [-1])) : chosen };
}

/**
 * down(weight · silu(gate x) · (up x)). The routing weight is applied before the down projection: both orders give the
 * same sum, but so its gradient needs no second down projection.
 */
function expertForward(
  x: FloatTensor,
  weight: FloatTensor,
  { gate, up, down }: ExpertWeights,
  load: (weight: WeightReference) => FloatTensor,
): FloatTensor[] {
  const gated = linear(x, load(gate));
  const raised = linear(x, load(up));
  const activation = multiply(silu(gated), raised);
  return [linear(multiply(activation, weight), load(down)), gated, raised];
}
