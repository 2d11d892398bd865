/** @file Token ids → hidden states. */
import { type FloatTensor, Graph } from '../../engine/graph';
import { cast } from '../../engine/operators/elementwise';
import { gather } from '../../engine/operators/indexing';
import type { Architecture } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { storedWeight } from './weights';

export interface EmbeddingGraph {
  readonly graph: Graph;
  /** [tokens, hidden] */
  readonly output: FloatTensor;
}

/** Looks rows up before they are widened to float32, so that only those of the batch are. */
export function embedding(checkpoint: Checkpoint, architecture: Architecture): EmbeddingGraph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['tokens']);
  return {
    graph,
    output: cast(gather(storedWeight(graph, checkpoint, architecture.embedding), ids), 'float32'),
  };
}
