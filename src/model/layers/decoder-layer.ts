/** @file One decoder layer as a graph: x + attention(norm x), then x + experts(norm x). */
import { type FloatTensor, Graph, type Tensor } from '../../engine/graph';
import { add, multiply } from '../../engine/operators/elementwise';
import { linear } from '../../engine/operators/linear-algebra';
import type { Architecture, WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { attention, declareBatchInputs } from './attention';
import { mixtureOfExperts, type Routing } from './mixture-of-experts';
import { rmsNorm } from './rms-norm';
import { loadWeight } from './weights';

/** A low-rank addition to a router: logits += scale · dropout(h) · Aᵀ · Bᵀ. */
export interface RouterAdapter {
  readonly rank: number;
  readonly scale: number;
  /** Whether `router_dropout` [tokens, hidden] is fed: 0 where a value is dropped, 1 / (1 − p) elsewhere. */
  readonly dropout: boolean;
}

export interface DecoderLayer {
  readonly graph: Graph;
  /** [tokens, hidden] */
  readonly input: FloatTensor;
  readonly output: FloatTensor;
  readonly attentionProbabilities: FloatTensor;
  readonly routing: Routing;
  /** The trainable tensors of the router, by their names in the feeds. */
  readonly router: Readonly<Record<string, FloatTensor>>;
  readonly worthSaving: readonly Tensor[];
}

/** Names under which a layer's router is fed. */
export const routerFeeds = {
  weight: 'router.weight',
  loraA: 'router.lora_A',
  loraB: 'router.lora_B',
  dropout: 'router.dropout',
  mask: 'expert_mask',
} as const;

/** Records layer `index`. The router is fed, everything else stays in the checkpoint. */
export function decoderLayer(
  checkpoint: Checkpoint,
  architecture: Architecture,
  index: number,
  adapter?: RouterAdapter,
): DecoderLayer {
  const { hiddenSize, normEpsilon } = architecture;
  const layer = architecture.layers[index];
  const graph = new Graph();
  const load = (weight: WeightReference): FloatTensor => loadWeight(graph, checkpoint, weight);
  const input = graph.input('hidden', 'float32', ['tokens', hiddenSize]);
  const batch = declareBatchInputs(graph, 2 * architecture.rotary.inverseFrequencies.length);

  const attended = attention(
    rmsNorm(input, load(layer.inputNorm), normEpsilon),
    layer.attention,
    batch,
    load,
    normEpsilon,
  );
  const residual = add(input, attended.output);
  const normalised = rmsNorm(residual, load(layer.postAttentionNorm), normEpsilon);

  const { experts } = layer.feedForward;
  const router = declareRouter(graph, experts, hiddenSize, adapter);
  const mask = graph.input(routerFeeds.mask, 'float32', [experts]);
  const logits = add(routerLogits(normalised, router, adapter), mask);
  const mixed = mixtureOfExperts(normalised, logits, layer.feedForward, load);
  return {
    graph,
    input,
    output: add(residual, mixed.output),
    attentionProbabilities: attended.probabilities,
    routing: mixed.routing,
    router,
    worthSaving: [
      ...attended.worthSaving,
      residual,
      normalised,
      logits,
      mixed.routing.indices,
      ...mixed.worthSaving,
    ],
  };
}

function declareRouter(
  graph: Graph,
  experts: number,
  hiddenSize: number,
  adapter: RouterAdapter | undefined,
): Record<string, FloatTensor> {
  const weight = graph.input(routerFeeds.weight, 'float32', [experts, hiddenSize]);
  if (!adapter) return { [routerFeeds.weight]: weight };
  return {
    [routerFeeds.weight]: weight,
    [routerFeeds.loraA]: graph.input(routerFeeds.loraA, 'float32', [adapter.rank, hiddenSize]),
    [routerFeeds.loraB]: graph.input(routerFeeds.loraB, 'float32', [experts, adapter.rank]),
  };
}

function routerLogits(
  x: FloatTensor,
  router: Readonly<Record<string, FloatTensor>>,
  adapter: RouterAdapter | undefined,
): FloatTensor {
  const { graph } = x;
  const plain = linear(x, router[routerFeeds.weight]);
  if (!adapter) return plain;
  const dropped = adapter.dropout ? multiply(x, graph.input(routerFeeds.dropout, 'float32', x.shape)) : x;
  const lowRank = linear(linear(dropped, router[routerFeeds.loraA]), router[routerFeeds.loraB]);
  return add(plain, multiply(lowRank, graph.float(adapter.scale)));
}
