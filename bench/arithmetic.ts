/** @file How much arithmetic a forward pass and a router-tuning step cannot do without. */
import type { BenchRow } from './batches';
import type { Geometry } from './random-checkpoint';

/** Multiply-adds in matrix products; what is done element by element is not counted. */
export interface Arithmetic {
  /** The loss of the answers. */
  readonly forward: number;
  /** The same, and the gradient of the loss with respect to all routers. Nothing is computed twice. */
  readonly step: number;
}

/** What goes through a layer. */
interface LayerWork {
  /** Tokens that have keys and values. */
  readonly tokens: number;
  /** Tokens that have queries, and go on to router and experts. */
  readonly queries: number;
  /** Query and key pairs that attend to each other. */
  readonly pairs: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function allTokens(rows: readonly BenchRow[]): LayerWork {
  const lengths = rows.map(({ input_ids }) => input_ids.length);
  return {
    tokens: sum(lengths),
    queries: sum(lengths),
    pairs: sum(lengths.map(length => (length * (length + 1)) / 2)),
  };
}

function answersOnly(rows: readonly BenchRow[]): LayerWork {
  // Position t − 1 predicts token t and sees t keys.
  const keysSeen = rows.flatMap(({ input_ids, answer_start }) =>
    Array.from({ length: input_ids.length - answer_start }, (_, i) => answer_start + i),
  );
  return { ...allTokens(rows), queries: keysSeen.length, pairs: sum(keysSeen) };
}

/**
 * What the loss of the answers and its gradient depend on. In the last layer only keys and values of every token count;
 * queries, router and experts only where an answer is predicted.
 */
export function leastArithmetic(geometry: Geometry, rows: readonly BenchRow[]): Arithmetic {
  const { layers, hidden, vocabulary } = geometry;
  const works = Array.from({ length: layers }, (_, layer) =>
    (layer === layers - 1 ? answersOnly : allTokens)(rows),
  );
  const head = answersOnly(rows).queries * hidden * vocabulary;
  const forward = head + sum(works.map(work => forwardOf(geometry, work)));
  const backward = head + sum(works.map((work, layer) => (layer === 0 ? toRouter : toInput)(geometry, work)));
  return { forward, step: forward + backward };
}

/** Multiply-adds of every token through every layer, without the head. */
export function allTokensArithmetic(geometry: Geometry, rows: readonly BenchRow[]): number {
  return geometry.layers * forwardOf(geometry, allTokens(rows));
}

/** Query, output, key and value projections; scores and their values; router; gate, up and down of each expert. */
function forwardOf(
  { hidden, experts, topK, width }: Geometry,
  { tokens, queries, pairs }: LayerWork,
): number {
  return (
    (2 * queries + 2 * tokens) * hidden ** 2 +
    2 * pairs * hidden +
    queries * hidden * experts +
    3 * queries * topK * hidden * width
  );
}

/** First layer: the gradient of the routing weights needs one product with each down projection; then the router's. */
function toRouter({ hidden, experts, topK, width }: Geometry, { queries }: LayerWork): number {
  return queries * topK * hidden * width + queries * hidden * experts;
}

/** Every product of the forward pass towards its input, four in attention instead of two, and the router's gradient. */
function toInput(geometry: Geometry, work: LayerWork): number {
  const { hidden, experts } = geometry;
  return forwardOf(geometry, work) + 2 * work.pairs * hidden + work.queries * hidden * experts;
}
