/** @file The sessions of one decoder layer: forward, forward with attention, forward that saves, backward. */
import { gradients } from '../engine/gradients';
import type { FloatTensor, Tensor } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { Architecture } from './architecture';
import type { Checkpoint } from './checkpoint/checkpoint';
import { type DecoderLayer, decoderLayer } from './layers/decoder-layer';
import type { RouterAdapter } from './layers/router';

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
}

export interface LayerBackward {
  /** Gradient of each trainable tensor of the router, by the name of its feed. */
  readonly router: Readonly<Record<string, HostTensor>>;
  /** Gradient of the layer's input; only if asked for. */
  readonly input?: HostTensor;
}

type Kind = 'forward' | 'trace' | 'training' | 'backward' | 'backward-to-router';

/** Sessions are made when first used: a model that is only traced never builds a backward pass. */
export class LayerSessions {
  private readonly layer: DecoderLayer;
  private readonly saved: readonly Tensor[];
  private readonly sessions = new Map<Kind, Promise<Session>>();
  private backwardGraph:
    { readonly router: Record<string, FloatTensor>; readonly input: FloatTensor } | undefined;

  constructor(
    checkpoint: Checkpoint,
    private readonly architecture: Architecture,
    index: number,
    private readonly options: SessionOptions,
    private readonly adapter?: RouterAdapter,
  ) {
    this.layer = decoderLayer(checkpoint, architecture, index, adapter);
    // In mapped mode memory is short: the backward pass computes again what it needs.
    this.saved = options.memoryMode === 'resident' ? this.layer.worthSaving : [];
  }

  async forward(feeds: Feeds, { attention }: { attention: boolean }): Promise<LayerForward> {
    const { output, routing, attentionProbabilities } = this.layer;
    const results = await (await this.session(attention ? 'trace' : 'forward')).run(feeds);
    return {
      output: results[output.name],
      ...(routing
        ? {
            routing: {
              logits: results[routing.logits.name],
              indices: results[routing.indices.name],
              weights: results[routing.weights.name],
            },
          }
        : {}),
      ...(attention ? { attention: withHeads(results[attentionProbabilities.name]) } : {}),
    };
  }

  /** Forward pass whose `saved` values, fed to {@link backward}, spare it computing them again. */
  async forwardForTraining(feeds: Feeds): Promise<{ output: HostTensor; saved: Feeds }> {
    const { [this.layer.output.name]: output, ...saved } = await (await this.session('training')).run(feeds);
    return { output, saved };
  }

  /**
   * @param feeds those of the forward pass and its saved values
   * @param outputGradient [tokens, hidden]
   */
  async backward(
    feeds: Feeds,
    outputGradient: HostTensor,
    { towardsInput }: { towardsInput: boolean },
  ): Promise<LayerBackward> {
    const session = await this.session(towardsInput ? 'backward' : 'backward-to-router');
    const results = await session.run({ ...feeds, output_gradient: outputGradient });
    const { router, input } = this.backwardTensors();
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

  private session(kind: Kind): Promise<Session> {
    const known = this.sessions.get(kind);
    if (known) return known;
    const given = kind.startsWith('backward') ? this.saved : [];
    const created = Session.create(cutModel(this.layer.graph, this.outputs(kind), given), this.options);
    this.sessions.set(kind, created);
    return created;
  }

  private outputs(kind: Kind): Tensor[] {
    const { output, routing, attentionProbabilities } = this.layer;
    const forward = [output, ...(routing ? [routing.logits, routing.indices, routing.weights] : [])];
    switch (kind) {
      case 'forward':
        return forward;
      case 'trace':
        return [...forward, attentionProbabilities];
      case 'training':
        return [output, ...this.saved];
      case 'backward': {
        const { router, input } = this.backwardTensors();
        return [...Object.values(router), input];
      }
      case 'backward-to-router':
        return Object.values(this.backwardTensors().router);
    }
  }

  /** Records the backward pass beside the forward one, once. */
  private backwardTensors(): NonNullable<typeof this.backwardGraph> {
    if (this.backwardGraph) return this.backwardGraph;
    const { graph, input, output, router } = this.layer;
    const outputGradient = graph.input('output_gradient', 'float32', [
      'tokens',
      this.architecture.hiddenSize,
    ]);
    // With an adapter the weight itself stays as it is.
    const trainable = Object.entries(router).filter(([name]) => !this.adapter || name.includes('lora'));
    const targets = [...trainable.map(([, tensor]) => tensor), input];
    const found = gradients([{ output, gradient: outputGradient }], targets, { saved: new Set(this.saved) });
    const known = found.map((gradient, i) => {
      if (!gradient) throw new Error(`no gradient reaches "${targets[i].name}"`);
      return gradient;
    });
    this.backwardGraph = {
      router: Object.fromEntries(trainable.map(([name], i) => [name, known[i]])),
      input: known[known.length - 1],
    };
    return this.backwardGraph;
  }
}

/** [samples, key/value heads, queries a key head, length, length] → [samples, heads, length, length]: the same bytes. */
function withHeads({ data, shape: [samples, keyHeads, group, rows, columns] }: HostTensor): HostTensor {
  return { data, shape: [samples, keyHeads * group, rows, columns] };
}
