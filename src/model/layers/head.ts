/** @file Hidden states → logits and the loss, for the rows that are asked for only. */
import { type FloatTensor, Graph } from '../../engine/graph';
import { conditional } from '../../engine/operators/conditional';
import { compare, negate } from '../../engine/operators/elementwise';
import { rootMeanSquareNorm } from '../../engine/operators/fused';
import { gatherElements } from '../../engine/operators/indexing';
import { linear } from '../../engine/operators/linear-algebra';
import { logSoftmax } from '../../engine/operators/reduction';
import { placeRows } from '../../engine/operators/rows';
import { concat, emptyRows } from '../../engine/operators/shaping';
import type { Architecture, WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { headWeights, ownName } from '../weight-names';
import { scaled } from './scaled';
import { type FedNames, graphWeights, type LoadWeight } from './weights';

export interface HeadGraph {
  readonly graph: Graph;
  /** [tokens, hidden] */
  readonly hidden: FloatTensor;
  /** [rows, hidden]: the final norm of the rows asked for. */
  readonly normalised: FloatTensor;
  /** [rows, vocabulary] */
  readonly logits: FloatTensor;
  /** [rows, 1]: −log p(target), nats. */
  readonly negativeLogLikelihood: FloatTensor;
  /** [rows, 1]: fed, the gradient of the loss with respect to each row's −log p. */
  readonly lossWeights: FloatTensor;
  /** The weights that are fed, by the names of their feeds. */
  readonly fed: Readonly<Record<string, FloatTensor>>;
}

export interface HeadOptions {
  /** Whether the weight is widened to float32 part by part, so that it never stands in memory as a whole. */
  readonly inParts: boolean;
  /** Weights that are fed; all others stay in the checkpoint. */
  readonly tuned?: FedNames;
}

/** Feeds: `hidden`, `rows` [rows] of it, their inverse `row_of_token` [tokens], and those of {@link recordHead}. */
export function head(checkpoint: Checkpoint, architecture: Architecture, options: HeadOptions): HeadGraph {
  const graph = new Graph();
  const hidden = graph.input('hidden', 'float32', ['tokens', architecture.hiddenSize]);
  const rows = {
    index: graph.input('rows', 'int64', ['rows']),
    inverse: graph.input('row_of_token', 'int64', ['tokens']),
    inverseHoles: 'zeros' as const,
  };
  return { hidden, ...recordHead(placeRows(hidden, rows), checkpoint, architecture, options) };
}

/**
 * Records the head in the graph of its input. Feeds: `targets` [rows, 1], `loss_weights` [rows, 1].
 * @param selected [rows, hidden]
 */
export function recordHead(
  selected: FloatTensor,
  checkpoint: Checkpoint,
  architecture: Architecture,
  { inParts, tuned = { names: [] } }: HeadOptions,
): Omit<HeadGraph, 'hidden'> {
  const { graph } = selected;
  const { finalNorm, normEpsilon, logitScale } = architecture;
  const { load, fed } = graphWeights(graph, checkpoint, headWeights(architecture), tuned);
  const { output: normalised } = rootMeanSquareNorm(selected, load(finalNorm), normEpsilon);
  const states = scaled(normalised, logitScale);
  const logits =
    inParts && !(ownName(architecture.head) in fed)
      ? linearInParts(states, architecture.head, load)
      : linear(states, load(architecture.head));
  const targets = graph.input('targets', 'int64', ['rows', 1]);
  return {
    graph,
    normalised,
    logits,
    negativeLogLikelihood: negate(gatherElements(logSoftmax(logits), targets)),
    lossWeights: graph.input('loss_weights', 'float32', ['rows', 1]),
    fed,
  };
}

/** Elements of a part: small enough for the allocator to reuse its memory for the next. */
const partElements = 4e6;

/** x · weightᵀ. A branch holds its own values only while it runs: one part of the weight at a time. */
function linearInParts(x: FloatTensor, weight: WeightReference, load: LoadWeight): FloatTensor {
  const { graph } = x;
  const [outputs, inputs] = weight.shape;
  const rows = Math.max(1, Math.floor(partElements / inputs));
  const always = compare('Greater', graph.int([1]), graph.int([0]));
  const parts = Array.from({ length: Math.ceil(outputs / rows) }, (_, i) => {
    const first = i * rows;
    const part = {
      name: weight.name,
      shape: [Math.min(rows, outputs - first), inputs],
      part: { of: weight.part?.of ?? weight.shape, start: (weight.part?.start ?? 0) + first * inputs },
    };
    const [product] = conditional(
      always,
      () => [linear(x, load(part))],
      () => [emptyRows(graph, part.shape[0])],
    );
    return product;
  });
  return concat(parts, 1);
}
