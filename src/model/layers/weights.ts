/** @file Weights as tensors of a graph: left in the checkpoint's files, or fed. */
import type { DataType } from '../../engine/data-type';
import type { FloatTensor, Graph, IndexTensor, Tensor } from '../../engine/graph';
import { cast } from '../../engine/operators/elementwise';
import { integerSum } from '../../engine/operators/indexing';
import { everyNth, transpose } from '../../engine/operators/shaping';
import type { WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { storedBlock } from '../stored-block';
import { canonicalShape, lowRankNames } from '../weight-names';

/** Gives a weight in float32, in the shape of its reference. */
export interface LoadWeight {
  (weight: WeightReference): FloatTensor;
  /** What is added to the products with a weight. */
  readonly lowRank?: (weight: WeightReference) => LowRank | undefined;
}

/** x · weightᵀ + scale · dropout(x) · aᵀ · bᵀ. */
export interface LowRank {
  /** [rank, in] */
  readonly a: FloatTensor;
  /** [out, rank] */
  readonly b: FloatTensor;
  readonly scale: number;
  /** Absent: nothing is dropped. */
  readonly dropout?: { readonly probability: number; readonly seed: IndexTensor };
}

/** Low-rank additions (LoRA) to weights. */
export interface Adapter {
  readonly rank: number;
  readonly scale: number;
  /** Probability with which an element of the input is dropped; 0: none is. */
  readonly dropout: number;
}

/** Weights and additions that are fed, by the names of their feeds. */
export interface FedNames {
  readonly names: readonly string[];
  readonly adapter?: Adapter;
}

/** Feed of {@link Adapter}s that drop elements: [1]. */
export const dropoutSeedFeed = 'dropout_seed';

export interface GraphWeights {
  readonly load: LoadWeight;
  /** What is fed, by the names of the feeds: weights as [out, in], also where they are stored the other way round. */
  readonly fed: Readonly<Record<string, FloatTensor>>;
}

/**
 * @param weights by the names that their feeds have
 * @param prefix of the name of the feed that seeds dropout
 */
export function graphWeights(
  graph: Graph,
  checkpoint: Checkpoint,
  weights: ReadonlyMap<string, WeightReference>,
  { names, adapter }: FedNames,
  prefix = '',
): GraphWeights {
  const fed: Record<string, FloatTensor> = {};
  const inputs = new Map<string, FloatTensor>();
  const additions = new Map<string, LowRank>();
  const asked = new Set(names);
  const declare = (name: string, shape: readonly number[]): FloatTensor =>
    (fed[name] = graph.input(name, 'float32', shape));
  const dropout = adapter && lowRankDropout(graph, adapter, prefix + dropoutSeedFeed);
  for (const [name, weight] of weights) {
    const shape = canonicalShape(weight);
    if (asked.has(name)) inputs.set(storageKey(weight), declare(name, shape));
    const [a, b] = lowRankNames(name);
    if (!adapter || !asked.has(a)) continue;
    const [outputs, width] = shape;
    additions.set(storageKey(weight), {
      a: declare(a, [adapter.rank, width]),
      b: declare(b, [outputs, adapter.rank]),
      scale: adapter.scale,
      ...(dropout ? { dropout: dropout(additions.size) } : {}),
    });
  }
  const load = (weight: WeightReference): FloatTensor => {
    const input = inputs.get(storageKey(weight));
    if (!input) return loadWeight(graph, checkpoint, weight);
    return weight.transposed ? transpose(input, [1, 0]) : input;
  };
  const lowRank = (weight: WeightReference): LowRank | undefined => additions.get(storageKey(weight));
  return { load: Object.assign(load, { lowRank }), fed };
}

/** Each addition of a graph drops other elements: its number gives the seed that is fed another value. */
function lowRankDropout(
  graph: Graph,
  { dropout: probability }: Adapter,
  feed: string,
): ((addition: number) => LowRank['dropout']) | undefined {
  if (probability === 0) return undefined;
  const seed = graph.input(feed, 'int64', [1]);
  return addition => ({ probability, seed: integerSum(seed, graph.int([addition])) });
}

/** Tells weights apart by where they are stored. */
function storageKey({ name, part }: WeightReference): string {
  return part ? `${name}@${part.start}/${part.interleaved?.first ?? 0}` : name;
}

const graphTypes: Partial<Record<string, DataType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** The weight as it is stored, still in its file. Its bytes are declared once a graph. */
export function storedWeight(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): Tensor {
  const block = externalBlock(graph, checkpoint, weight);
  const columns = weight.part?.interleaved;
  return columns ? everyNth(block, columns.first, columns.step) : block;
}

function externalBlock(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): Tensor {
  const { name, part } = weight;
  const label = part ? `${name}@${part.start}` : name;
  const declared = graph.root.initializers.find(({ tensor }) => tensor.name === label);
  if (declared) return declared.tensor;
  const { shape, ...block } = storedBlock(checkpoint.entry(name), weight);
  const type = graphTypes[block.dtype];
  if (!type) throw new Error(`${name}: type ${block.dtype} was let through by the checks of the checkpoint`);
  return graph.external(label, type, shape, block);
}

/** The weight in float32. */
export function loadWeight(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): FloatTensor {
  return cast(storedWeight(graph, checkpoint, weight), 'float32');
}
