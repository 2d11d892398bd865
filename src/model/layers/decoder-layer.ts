/** @file One decoder layer as a graph: x + attention(norm x), then x + feed-forward(norm x). */
import { type FloatTensor, Graph, type Tensor } from '../../engine/graph';
import { add } from '../../engine/operators/elementwise';
import { rootMeanSquareNorm } from '../../engine/operators/fused';
import { placeRows } from '../../engine/operators/rows';
import { type Architecture, type FeedForward, siluActivation, type WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { declareBatchInputs, type Memory } from './attend';
import { attention } from './attention';
import { gatedFeedForward } from './gated-feed-forward';
import { mixtureOfExperts } from './mixture-of-experts';
import { declareRouter, type RouterAdapter, type Routing, routing } from './router';
import { scaled } from './scaled';
import { type LoadWeight, loadWeight } from './weights';

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
  /** The tensors of the router, by their names in the feeds. */
  readonly router: Readonly<Record<string, FloatTensor>>;
  readonly worthSaving: readonly Tensor[];
}

export interface DecoderLayerOptions {
  readonly adapter?: RouterAdapter;
  /**
   * Whether the layer gives the rows asked for only. All tokens are still keys and values; queries, router, and experts
   * see those rows alone. For the last layer, of which nothing else is read.
   */
  readonly selectsRows?: boolean;
  /** Whether the tokens continue earlier ones, whose keys and values are fed. Such a layer has no backward pass. */
  readonly hasPast?: boolean;
}

/** Records layer `index`. The router is fed, everything else stays in the checkpoint. */
export function decoderLayer(
  checkpoint: Checkpoint,
  architecture: Architecture,
  index: number,
  { adapter, selectsRows = false, hasPast = false }: DecoderLayerOptions = {},
): DecoderLayer {
  const { hiddenSize, normEpsilon, residualScale, rotary } = architecture;
  const layer = architecture.layers[index];
  const graph = new Graph();
  const load = (weight: WeightReference): FloatTensor => loadWeight(graph, checkpoint, weight);
  const input = graph.input('hidden', 'float32', ['tokens', hiddenSize]);
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
  const fed = feedForward(normalised, layer.feedForward, load, adapter);
  return {
    graph,
    input,
    output: add(residual, scaled(fed.output, residualScale)),
    attentionProbabilities: attended.probabilities,
    memory: attended.memory,
    routing: fed.routing,
    router: fed.router,
    worthSaving: [inverse, ...attended.worthSaving, residual, norm.inverse, normalised, ...fed.worthSaving],
  };
}

type FeedForwardPart = Pick<DecoderLayer, 'output' | 'routing' | 'router' | 'worthSaving'>;

function feedForward(
  x: FloatTensor,
  architecture: FeedForward,
  load: LoadWeight,
  adapter: RouterAdapter | undefined,
): FeedForwardPart {
  if (architecture.kind === 'dense') {
    const { output, gate, up } = gatedFeedForward(x, architecture, siluActivation, load);
    return { output, router: {}, worthSaving: [gate, up] };
  }
  const router = declareRouter(x.graph, architecture, x.shape[1] as number, adapter);
  const routed = routing(x, architecture, router, adapter);
  const mixed = mixtureOfExperts(x, routed, architecture, load);
  return {
    output: mixed.output,
    router,
    routing: routed,
    worthSaving: [routed.logits, routed.indices, ...mixed.worthSaving],
  };
}
