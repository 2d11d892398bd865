/** @file The sessions of one decoder layer: forward, forward with attention, forward that saves, backward. */
import { bytesPerElement } from '../engine/data-type';
import { knownGradients, type Seed } from '../engine/gradients';
import type { FloatTensor, Tensor } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { Architecture } from './architecture';
import type { Checkpoint } from './checkpoint/checkpoint';
import type { Memory } from './layers/attend';
import { type DecoderLayer, decoderLayer, type DecoderLayerOptions } from './layers/decoder-layer';
import type { Routing } from './layers/router';
import type { BatchLengths } from './packed-batch';

export type Feeds = Readonly<Record<string, HostTensor>>;

export interface LayerRouting {
  /** [tokens, experts], float32 */
  readonly logits: HostTensor;
  /** [tokens, top-k], int64 */
  readonly indices: HostTensor;
  /** [tokens, top-k], float32 */
  readonly weights: HostTensor;
}

/** What a layer gives for the [tokens, hidden] states that go in. */
export interface LayerForward {
  readonly output: HostTensor;
  /** undefined: the layer has no router. */
  readonly routing?: LayerRouting;
  /** [samples, heads, length, length]; only if asked for. */
  readonly attention?: HostTensor;
  /** Keys and values of these tokens, padded (`layers/attend.ts`); only of a layer that has a past. */
  readonly memory?: LayerMemory;
}

export type LayerMemory = Readonly<Record<keyof Memory, HostTensor>>;

export interface LayerBackward {
  /** Gradient of each weight asked for, by the name of its feed. */
  readonly weights: Readonly<Record<string, HostTensor>>;
  /** Gradient of the layer's input; only if asked for. */
  readonly input?: HostTensor;
}

/** Gradients of the loss with respect to what a layer gives. */
export interface OutputGradients {
  /** Shape of the layer's output. */
  readonly output: HostTensor;
  /** [tokens, experts]: of a loss on the routing itself. */
  readonly routerLogits?: HostTensor;
}

/** What gradients are wanted of: weights by the names of their feeds, and the layer's input. */
export interface GradientTargets {
  readonly weights: readonly string[];
  readonly input: boolean;
}

type Kind = 'forward' | 'trace' | 'routing' | 'training';

interface BackwardPass {
  readonly targets: readonly string[];
  readonly gradients: readonly FloatTensor[];
  readonly session: Promise<Session>;
}

/** Feeds of {@link OutputGradients}. */
const gradientFeeds = { output: 'output_gradient', routerLogits: 'router_logits_gradient' } as const;

/** Stands for the layer's input among the targets of a backward pass. */
const inputTarget = 'hidden';

/** Sessions are made when first used: a model that is only traced never builds a backward pass. */
export class LayerSessions {
  private readonly layer: DecoderLayer;
  private readonly sessions = new Map<Kind, Promise<Session>>();
  private readonly backwardPasses = new Map<string, BackwardPass>();
  private readonly seeds = new Map<string, Seed>();

  constructor(
    checkpoint: Checkpoint,
    private readonly architecture: Architecture,
    private readonly index: number,
    private readonly sessionOptions: SessionOptions,
    private readonly options: DecoderLayerOptions = {},
  ) {
    this.layer = decoderLayer(checkpoint, architecture, index, options);
  }

  async forward(feeds: Feeds, { attention }: { attention: boolean }): Promise<LayerForward> {
    const { output, routing, attentionProbabilities, memory } = this.layer;
    const results = await (await this.session(attention ? 'trace' : 'forward')).run(feeds);
    return {
      output: results[output.name],
      ...(routing ? { routing: layerRouting(routing, results) } : {}),
      ...(attention ? { attention: withHeads(results[attentionProbabilities.name]) } : {}),
      ...(this.options.hasPast
        ? { memory: { keys: results[memory.keys.name], values: results[memory.values.name] } }
        : {}),
    };
  }

  /** The choice of experts alone: no expert runs. undefined: the layer has no router. */
  async routing(feeds: Feeds): Promise<LayerRouting | undefined> {
    const { routing } = this.layer;
    return routing && layerRouting(routing, await (await this.session('routing')).run(feeds));
  }

  /** Forward pass whose saved values, given to {@link backward}, spare it computing them again. */
  async forwardForTraining(feeds: Feeds): Promise<LayerForward & { readonly saved: Feeds }> {
    const { output, routing, worthSaving } = this.layer;
    const results = await (await this.session('training')).run(feeds);
    return {
      output: results[output.name],
      ...(routing ? { routing: layerRouting(routing, results) } : {}),
      saved: Object.fromEntries(worthSaving.map(({ name }) => [name, results[name]])),
    };
  }

  /** Bytes of the values that {@link forwardForTraining} saves of a batch. */
  savedBytes(batch: BatchLengths): number {
    const { feedForward } = this.architecture.layers[this.index];
    const { topK, experts } = feedForward.kind === 'mixture' ? feedForward : { topK: 1, experts: 1 };
    const pairs = batch.rows * topK;
    const lengths: Record<string, number> = { ...batch, pairs };
    const elements = ({ shape }: Tensor): number =>
      shape.reduce<number>(
        // A length without a name here is that of an expert's share of the pairs.
        (product, n) => product * (typeof n === 'number' ? n : (lengths[n] ?? pairs / experts)),
        1,
      );
    return this.layer.worthSaving.reduce(
      (bytes, tensor) => bytes + elements(tensor) * bytesPerElement[tensor.dtype],
      0,
    );
  }

  /**
   * @param feeds those of the forward pass
   * @param saved what {@link forwardForTraining} saved; undefined: it is computed again
   */
  async backward(
    feeds: Feeds,
    saved: Feeds | undefined,
    { output, routerLogits }: OutputGradients,
    wanted: GradientTargets,
  ): Promise<LayerBackward> {
    const given = { saved: saved !== undefined, logits: routerLogits !== undefined };
    const { targets, gradients, session } = this.backwardPass(wanted, given);
    const results = await (
      await session
    ).run({
      ...feeds,
      ...saved,
      [gradientFeeds.output]: output,
      ...(routerLogits ? { [gradientFeeds.routerLogits]: routerLogits } : {}),
    });
    const found = Object.fromEntries(targets.map((target, i) => [target, results[gradients[i].name]]));
    const { [inputTarget]: input, ...weights } = found;
    return { weights, ...(wanted.input ? { input } : {}) };
  }

  async release(): Promise<void> {
    const passes = [...this.backwardPasses.values()].map(({ session }) => session);
    const sessions = [...this.sessions.values(), ...passes];
    this.sessions.clear();
    this.backwardPasses.clear();
    for (const session of sessions) await (await session).release();
  }

  private session(kind: Kind): Promise<Session> {
    const known = this.sessions.get(kind);
    if (known) return known;
    const created = Session.create(cutModel(this.layer.graph, this.outputs(kind)), this.sessionOptions);
    this.sessions.set(kind, created);
    return created;
  }

  private outputs(kind: Kind): Tensor[] {
    const { output, routing, attentionProbabilities, memory, worthSaving } = this.layer;
    const choice = routing ? [routing.logits, routing.indices, routing.weights] : [];
    const remembered = this.options.hasPast ? [memory.keys, memory.values] : [];
    switch (kind) {
      case 'forward':
        return [output, ...choice, ...remembered];
      case 'trace':
        return [output, ...choice, ...remembered, attentionProbabilities];
      case 'routing':
        return choice;
      case 'training':
        return [...new Set([output, ...choice, ...worthSaving])];
    }
  }

  /**
   * Records a backward pass beside the forward one, once.
   * @param given whether saved values are fed, and a gradient of the router logits
   */
  private backwardPass(wanted: GradientTargets, given: { saved: boolean; logits: boolean }): BackwardPass {
    const key = JSON.stringify([wanted, given]);
    const known = this.backwardPasses.get(key);
    if (known) return known;
    const { graph, input, output, routing, fed, worthSaving } = this.layer;
    const seeds = [this.seed(gradientFeeds.output, output)];
    if (given.logits && routing) seeds.push(this.seed(gradientFeeds.routerLogits, routing.logits));
    const targets = [...wanted.weights, ...(wanted.input ? [inputTarget] : [])];
    const saved = given.saved ? worthSaving : [];
    const gradients = knownGradients(
      seeds,
      targets.map(target => (target === inputTarget ? input : fed[target])),
      { saved: new Set(saved) },
    );
    const session = Session.create(cutModel(graph, gradients, saved), this.sessionOptions);
    const pass = { targets, gradients, session };
    this.backwardPasses.set(key, pass);
    return pass;
  }

  /** An output whose gradient is fed. */
  private seed(feed: string, output: FloatTensor): Seed {
    const known = this.seeds.get(feed);
    if (known) return known;
    const created = { output, gradient: this.layer.graph.input(feed, 'float32', output.shape) };
    this.seeds.set(feed, created);
    return created;
  }
}

function layerRouting(
  { logits, indices, weights }: Routing,
  results: Readonly<Record<string, HostTensor>>,
): LayerRouting {
  return { logits: results[logits.name], indices: results[indices.name], weights: results[weights.name] };
}

/** [samples, key/value heads, queries a key head, length, length] → [samples, heads, length, length]: the same bytes. */
function withHeads({ data, shape: [samples, keyHeads, group, rows, columns] }: HostTensor): HostTensor {
  return { data, shape: [samples, keyHeads * group, rows, columns] };
}
