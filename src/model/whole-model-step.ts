/**
 * @file Forward and backward pass of a whole model as one graph: between its layers nothing crosses to the host, which
 * for small models costs as much as the arithmetic. For models whose weights and saved values are in memory anyway.
 */
import { knownGradients } from '../engine/gradients';
import { type FloatTensor, Graph, type Tensor } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { placeRows } from '../engine/operators/rows';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { Checkpoint } from './checkpoint/checkpoint';
import type { Feeds } from './layer-sessions';
import { recordDecoderLayer } from './layers/decoder-layer';
import { recordHead } from './layers/head';
import { loadBalancingLoss } from './layers/load-balancing';
import { isRouterFeed } from './layers/router';
import type { Adapter } from './layers/weights';

/** What a step is recorded for. */
export interface StepOptions {
  /** Canonical names of the weights and low-rank factors that are fed and whose gradients are wanted; of the embedding
   * none. */
  readonly trained: readonly string[];
  readonly adapter?: Adapter;
  /** Whether the gradient of the embedded tokens is wanted. */
  readonly towardsInput: boolean;
  /** Whether the load-balancing loss is part of the loss: then all tokens go through the last layer. */
  readonly balanced: boolean;
}

export interface StepResult {
  /** −log p of each target, nats. */
  readonly negativeLogLikelihoods: Float32Array;
  /** Without its factor; only of a balanced step. */
  readonly loadBalancingLoss?: number;
  readonly gradients: ReadonlyMap<string, HostTensor>;
  /** Of the embedded tokens [tokens, hidden]. */
  readonly input?: HostTensor;
}

/** Prefix of the names of what layer `index` alone is fed. */
export function layerPrefix(index: number): string {
  return `layers.${index}.`;
}

/** Feed: the factor of the load-balancing loss, [1]. */
export const balanceFeed = 'load_balancing_factor';

export class WholeModelStep {
  private readonly outputs: {
    readonly losses: Tensor;
    readonly balance?: Tensor;
    readonly gradients: ReadonlyMap<string, Tensor>;
    readonly input?: Tensor;
  };
  private readonly session: Promise<Session>;

  constructor(checkpoint: Checkpoint, options: StepOptions, sessionOptions: SessionOptions) {
    const { graph, ...outputs } = record(checkpoint, options);
    this.outputs = outputs;
    const { losses, balance, gradients, input } = outputs;
    const wanted = [losses, ...(balance ? [balance] : []), ...gradients.values(), ...(input ? [input] : [])];
    this.session = Session.create(cutModel(graph, wanted), sessionOptions);
  }

  async run(feeds: Feeds): Promise<StepResult> {
    const results = await (await this.session).run(feeds);
    const { losses, balance, gradients, input } = this.outputs;
    return {
      negativeLogLikelihoods: results[losses.name].data as Float32Array,
      ...(balance ? { loadBalancingLoss: Number(results[balance.name].data[0]) } : {}),
      gradients: new Map([...gradients].map(([name, tensor]) => [name, results[tensor.name]])),
      ...(input ? { input: results[input.name] } : {}),
    };
  }

  async release(): Promise<void> {
    await (await this.session).release();
  }
}

interface RecordedStep {
  readonly graph: Graph;
  readonly losses: FloatTensor;
  readonly balance?: FloatTensor;
  readonly gradients: ReadonlyMap<string, FloatTensor>;
  readonly input?: FloatTensor;
}

function record(
  checkpoint: Checkpoint,
  { trained, adapter, towardsInput, balanced }: StepOptions,
): RecordedStep {
  const { architecture } = checkpoint;
  const graph = new Graph();
  const embedded = graph.input('hidden', 'float32', ['tokens', architecture.hiddenSize]);
  const last = architecture.layers.length - 1;
  const fed: Record<string, FloatTensor> = {};
  const saved = new Set<Tensor>();
  const routings = [];
  let hidden = embedded;
  for (const index of architecture.layers.keys()) {
    const prefix = layerPrefix(index);
    const names = trained.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length));
    const layer = recordDecoderLayer(
      hidden,
      checkpoint,
      architecture,
      index,
      {
        tuned: { names: names.filter(name => !isRouterFeed(name)), ...(adapter ? { adapter } : {}) },
        selectsRows: index === last && !balanced,
      },
      prefix,
    );
    Object.assign(fed, layer.fed);
    layer.worthSaving.forEach(value => saved.add(value));
    if (layer.routing) routings.push(layer.routing);
    hidden = layer.output;
  }
  const rows = {
    index: graph.input('rows', 'int64', ['rows']),
    inverse: graph.input('row_of_token', 'int64', ['tokens']),
    inverseHoles: 'zeros' as const,
  };
  const ofHead = recordHead(balanced ? placeRows(hidden, rows) : hidden, checkpoint, architecture, {
    inParts: false,
    tuned: { names: trained.filter(name => !name.startsWith('layers.')) },
  });
  Object.assign(fed, ofHead.fed);
  const balance = balanced ? loadBalancingLoss(routings) : undefined;
  const seeds = [
    { output: ofHead.negativeLogLikelihood, gradient: ofHead.lossWeights },
    ...(balance ? [{ output: balance, gradient: graph.input(balanceFeed, 'float32', [1]) }] : []),
  ];
  const targets = [...trained.map(name => fed[name]), ...(towardsInput ? [embedded] : [])];
  const found = knownGradients(seeds, targets, { saved });
  return {
    graph,
    losses: ofHead.negativeLogLikelihood,
    ...(balance ? { balance } : {}),
    gradients: new Map(trained.map((name, i) => [name, found[i]])),
    ...(towardsInput ? { input: found[trained.length] } : {}),
  };
}
