/** @file One decoder layer as a graph: x + attention(norm x), then x + feed-forward(norm x). */
import { type FloatTensor, Graph, type Tensor } from '../../engine/graph';
import { add } from '../../engine/operators/elementwise';
import { rootMeanSquareNorm } from '../../engine/operators/fused';
import { placeRows } from '../../engine/operators/rows';
import { type Architecture, type FeedForward, siluActivation } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { layerWeights } from '../weight-names';
import { declareBatchInputs, type Memory } from './attend';
import { attention } from './attention';
import { gatedFeedForward } from './gated-feed-forward';
import { mixtureOfExperts } from './mixture-of-experts';
import { routerFeeds, routerTensors, type Routing, routing } from './router';
import { scaled } from './scaled';
import { type FedNames, graphWeights, type LoadWeight } from './weights';

export interface DecoderLayer {
  readonly graph: Graph;
  /** [tokens, hidden] */
  readonly input: FloatTensor;
  /** [tokens, hidden]; [rows, hidden] where rows are selected. */
  readonly output: FloatTensor;
  readonly attentionProbabilities: FloatTensor;
  readonly memory: Memory;
  /** undefined: the layer has no router. */
  readonly routing?: Routing;
  /** The weights and low-rank additions that are fed, by the names of their feeds. */
  readonly fed: Readonly<Record<string, FloatTensor>>;
  readonly worthSaving: readonly Tensor[];
}

export interface DecoderLayerOptions {
  /** Weights that are fed beside the router's; all others stay in the checkpoint. */
  readonly tuned?: FedNames;
  /**
   * Whether the layer gives the rows asked for only. All tokens are still keys and values; queries, router, and experts
   * see those rows alone. For the last layer, of which nothing else is read.
   */
  readonly selectsRows?: boolean;
  /** Whether the tokens continue earlier ones, whose keys and values are fed. Such a layer has no backward pass. */
  readonly hasPast?: boolean;
}

/** Records layer `index` in a graph of its own. */
export function decoderLayer(
  checkpoint: Checkpoint,
  architecture: Architecture,
  index: number,
  options: DecoderLayerOptions = {},
): DecoderLayer {
  const input = new Graph().input('hidden', 'float32', ['tokens', architecture.hiddenSize]);
  return recordDecoderLayer(input, checkpoint, architecture, index, options);
}

/**
 * Records layer `index` in the graph of its input.
 * @param prefix of the names of what this layer alone is fed
 */
export function recordDecoderLayer(
  input: FloatTensor,
  checkpoint: Checkpoint,
  architecture: Architecture,
  index: number,
  { tuned, selectsRows = false, hasPast = false }: DecoderLayerOptions,
  prefix = '',
): DecoderLayer {
  const { normEpsilon, residualScale, rotary } = architecture;
  const layer = architecture.layers[index];
  const { graph } = input;
  const weights = [...layerWeights(layer)].map(([name, weight]) => [prefix + name, weight] as const);
  const names = [...routerNames(layer.feedForward), ...(tuned?.names ?? [])].map(name => prefix + name);
  const { load, fed } = graphWeights(graph, checkpoint, new Map(weights), { ...tuned, names }, prefix);
  const batch = declareBatchInputs(graph, {
    rotatedSize: 2 * rotary.inverseFrequencies.length,
    window: layer.attention.window,
    selectsRows,
    hasPast,
  });
  const selected = (x: FloatTensor): FloatTensor => (batch.rows ? placeRows(x, batch.rows) : x);

  const { output: tokens, inverse } = rootMeanSquareNorm(input, load(layer.inputNorm), normEpsilon);
  const attended = attention({ tokens, rows: selected(tokens) }, layer.attention, batch, load, normEpsilon);
  const residual = add(selected(input), scaled(attended.output, residualScale));
  const norm = rootMeanSquareNorm(residual, load(layer.postAttentionNorm), normEpsilon);
  const normalised = norm.output;
  const forwarded = feedForward(normalised, layer.feedForward, load, prefix);
  return {
    graph,
    input,
    output: add(residual, scaled(forwarded.output, residualScale)),
    attentionProbabilities: attended.probabilities,
    memory: attended.memory,
    routing: forwarded.routing,
    fed,
    worthSaving: [
      inverse,
      ...attended.worthSaving,
      residual,
      norm.inverse,
      normalised,
      ...forwarded.worthSaving,
    ],
  };
}

type FeedForwardPart = Pick<DecoderLayer, 'output' | 'routing' | 'worthSaving'>;

function feedForward(
  x: FloatTensor,
  architecture: FeedForward,
  load: LoadWeight,
  prefix: string,
): FeedForwardPart {
  if (architecture.kind === 'dense') {
    const { output, gate, up } = gatedFeedForward(x, architecture, siluActivation, load);
    return { output, worthSaving: [gate, up] };
  }
  const mask = x.graph.input(prefix + routerFeeds.mask, 'float32', [architecture.experts]);
  const routed = routing(x, architecture, load, mask);
  const mixed = mixtureOfExperts(x, routed, architecture, load);
  return {
    output: mixed.output,
    routing: routed,
    worthSaving: [routed.logits, routed.indices, ...mixed.worthSaving],
  };
}

/** Routers are always fed: other routers then run in the same sessions. */
function routerNames(feedForward: FeedForward): string[] {
  return feedForward.kind === 'mixture' ? [...routerTensors(feedForward).keys()] : [];
}
