/** @file Hidden states → logits and the loss, for the rows that are asked for only. */
import { type FloatTensor, Graph } from '../../engine/graph';
import { negate } from '../../engine/operators/elementwise';
import { gatherElements } from '../../engine/operators/indexing';
import { linear } from '../../engine/operators/linear-algebra';
import { logSoftmax } from '../../engine/operators/reduction';
import { placeRows } from '../../engine/operators/rows';
import type { Architecture } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { rmsNorm } from './rms-norm';
import { scaled } from './scaled';
import { loadWeight } from './weights';

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
}

/** Feeds: `hidden`, `rows` [rows] of it, their inverse `row_of_token` [tokens], `targets` [rows, 1], `loss_weights`. */
export function head(checkpoint: Checkpoint, architecture: Architecture): HeadGraph {
  const graph = new Graph();
  const { hiddenSize, finalNorm, normEpsilon, logitScale } = architecture;
  const hidden = graph.input('hidden', 'float32', ['tokens', hiddenSize]);
  const selected = placeRows(hidden, {
    index: graph.input('rows', 'int64', ['rows']),
    inverse: graph.input('row_of_token', 'int64', ['tokens']),
    inverseHasHoles: true,
  });
  const normalised = rmsNorm(selected, loadWeight(graph, checkpoint, finalNorm), normEpsilon);
  const logits = linear(scaled(normalised, logitScale), loadWeight(graph, checkpoint, architecture.head));
  const targets = graph.input('targets', 'int64', ['rows', 1]);
  return {
    graph,
    hidden,
    normalised,
    logits,
    negativeLogLikelihood: negate(gatherElements(logSoftmax(logits), targets)),
    lossWeights: graph.input('loss_weights', 'float32', ['rows', 1]),
  };
}
