/** @file Token ids → hidden states. */
import { type FloatTensor, Graph } from '../../engine/graph';
import { cast } from '../../engine/operators/elementwise';
import { gather } from '../../engine/operators/indexing';
import type { Architecture } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { scaled } from './scaled';
import { storedWeight } from './weights';

export interface EmbeddingGraph {
  readonly graph: Graph;
  /** [tokens, hidden] */
  readonly output: FloatTensor;
}

/**
 * Looks rows up before they are widened to float32, so that only those of the batch are.
 * @param fed name of the feed that the weight comes from; default: it stays in the checkpoint
 */
export function embedding(checkpoint: Checkpoint, architecture: Architecture, fed?: string): EmbeddingGraph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['tokens']);
  const weight =
    fed === undefined
      ? storedWeight(graph, checkpoint, architecture.embedding)
      : graph.input(fed, 'float32', architecture.embedding.shape);
  const rows = cast(gather(weight, ids), 'float32');
  return { graph, output: scaled(rows, architecture.embeddingScale) };
}
