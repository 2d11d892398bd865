/** @file The sessions of one decoder layer: forward, forward with attention, forward that saves, backward. */
import { bytesPerElement } from '../engine/data-type';
import { gradients } from '../engine/gradients';
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
  /** Gradient of each trainable tensor of the router, by the name of its feed. */
  readonly router: Readonly<Record<string, HostTensor>>;
  /** Gradient of the layer's input; only if asked for. */
  readonly input?: HostTensor;
}

type Kind = 'forward' | 'trace' | 'routing' | 'training' | 'backward' | 'backward-to-router';

interface BackwardTensors {
  readonly router: Readonly<Record<string, FloatTensor>>;
  readonly input: FloatTensor;
}

/** Sessions are made when first used: a model that is only traced never builds a backward pass. */
export class LayerSessions {
  private readonly layer: DecoderLayer;
  private readonly sessions = new Map<string, Promise<Session>>();
  private readonly backwardPasses = new Map<boolean, BackwardTensors>();
  private outputGradient: FloatTensor | undefined;

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
  async forwardForTraining(feeds: Feeds): Promise<{ output: HostTensor; saved: Feeds }> {
    const { [this.layer.output.name]: output, ...saved } = await (await this.session('training')).run(feeds);
    return { output, saved };
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
   * @param outputGradient [tokens, hidden], or [rows, hidden]
   */
  async backward(
    feeds: Feeds,
    saved: Feeds | undefined,
    outputGradient: HostTensor,
    { towardsInput }: { towardsInput: boolean },
  ): Promise<LayerBackward> {
    const session = await this.session(towardsInput ? 'backward' : 'backward-to-router', saved !== undefined);
    const results = await session.run({ ...feeds, ...saved, output_gradient: outputGradient });
    const { router, input } = this.backwardTensors(saved !== undefined);
    return {
      router: Object.fromEntries(Object.entries(router).map(([feed, { name }]) => [feed, results[name]])),
      ...(towardsInput ? { input: results[input.name] } : {}),
    };
  }

  async release(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  /** @param withSaved whether saved values are fed; of backward passes only */
  private session(kind: Kind, withSaved = false): Promise<Session> {
    const key = `${kind}/${withSaved}`;
    const known = this.sessions.get(key);
    if (known) return known;
    const model = cutModel(
      this.layer.graph,
      this.outputs(kind, withSaved),
      withSaved ? this.layer.worthSaving : [],
    );
    const created = Session.create(model, this.sessionOptions);
    this.sessions.set(key, created);
    return created;
  }

  private outputs(kind: Kind, withSaved: boolean): Tensor[] {
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
        return [output, ...worthSaving];
      case 'backward': {
        const { router, input } = this.backwardTensors(withSaved);
        return [...Object.values(router), input];
      }
      case 'backward-to-router':
        return Object.values(this.backwardTensors(withSaved).router);
    }
  }

  /** Records a backward pass beside the forward one, once. */
  private backwardTensors(withSaved: boolean): BackwardTensors {
    const known = this.backwardPasses.get(withSaved);
    if (known) return known;
    const { graph, input, output, router, worthSaving } = this.layer;
    this.outputGradient ??= graph.input('output_gradient', 'float32', output.shape);
    // With an adapter the weight itself stays as it is.
    const trainable = Object.entries(router).filter(
      ([name]) => !this.options.adapter || name.includes('lora'),
    );
    const targets = [...trainable.map(([, tensor]) => tensor), input];
    const found = gradients([{ output, gradient: this.outputGradient }], targets, {
      saved: new Set(withSaved ? worthSaving : []),
    }).map((gradient, i) => {
      if (!gradient) throw new Error(`no gradient reaches "${targets[i].name}"`);
      return gradient;
    });
    const tensors = {
      router: Object.fromEntries(trainable.map(([name], i) => [name, found[i]])),
      input: found[found.length - 1],
    };
    this.backwardPasses.set(withSaved, tensors);
    return tensors;
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
