/** @file The sessions of the head: logits, loss, and the gradient of the loss. */
import { knownGradients } from '../engine/gradients';
import type { FloatTensor, Tensor } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { Architecture } from './architecture';
import type { Checkpoint } from './checkpoint/checkpoint';
import { head, type HeadGraph } from './layers/head';
import { hostIndices } from './packed-batch';

/** Positions whose next token counts for the loss, and that token. */
export interface LossTargets {
  /** Packed positions of the predicting tokens, each once, ascending. */
  readonly rows: readonly number[];
  /** The token that should follow each. */
  readonly targets: readonly number[];
  /** Factor of each −log p in the summed loss; default: 1. */
  readonly weights?: readonly number[];
}

/** The feeds of {@link LossTargets}: the gradient of `factor` · summed loss flows from the loss weights. */
export function targetFeeds(
  { targets, weights }: Pick<LossTargets, 'targets' | 'weights'>,
  factor: number,
): Record<string, HostTensor> {
  const shape = [targets.length, 1];
  const data = new Float32Array(targets.length).fill(factor);
  weights?.forEach((weight, i) => (data[i] *= weight));
  return { targets: hostIndices(targets, shape), loss_weights: { data, shape } };
}

/** The loss of a batch and its gradient. */
export interface LossAndGradient {
  /** −log p of each row's target, nats. */
  readonly negativeLogLikelihoods: Float32Array;
  /** Gradient of `hidden`; only if asked for. */
  readonly hidden?: HostTensor;
  /** Gradient of each tuned weight, by its name. */
  readonly weights: Readonly<Record<string, HostTensor>>;
}

type Kind = 'logits' | 'normalised' | 'loss' | 'loss-and-gradient' | 'loss-and-gradient-of-weights';

interface GradientTensors {
  readonly hidden: FloatTensor;
  readonly weights: Readonly<Record<string, FloatTensor>>;
}

export class HeadSessions {
  private readonly graph: HeadGraph;
  private readonly sessions = new Map<Kind, Promise<Session>>();
  private gradientTensors: GradientTensors | undefined;

  constructor(
    checkpoint: Checkpoint,
    architecture: Architecture,
    private readonly options: SessionOptions,
    /** Weights of the head that are fed. */
    private readonly tuned: Readonly<Record<string, HostTensor>> = {},
  ) {
    this.graph = head(checkpoint, architecture, {
      inParts: options.memoryMode === 'mapped',
      tuned: { names: Object.keys(tuned) },
    });
  }

  /** Logits [rows, vocabulary] of all rows of `hidden` [tokens, hidden], or of some. */
  async logits(hidden: HostTensor, rows?: readonly number[]): Promise<HostTensor> {
    return (await this.run('logits', hidden, rows))[this.graph.logits.name];
  }

  /** The final norm [rows, hidden] of all rows of `hidden`, or of some. */
  async normalised(hidden: HostTensor, rows?: readonly number[]): Promise<HostTensor> {
    return (await this.run('normalised', hidden, rows))[this.graph.normalised.name];
  }

  /** −log p of each row's target, nats. */
  async negativeLogLikelihoods(hidden: HostTensor, targets: readonly number[]): Promise<Float32Array> {
    const results = await this.run('loss', hidden, undefined, {
      targets: hostIndices(targets, [targets.length, 1]),
    });
    return floats(results[this.graph.negativeLogLikelihood.name]);
  }

  /** −log p of each target, and the gradient of `factor` · summed loss, for all rows of `hidden`, or for some. */
  async lossAndGradient(
    hidden: HostTensor,
    targets: Pick<LossTargets, 'targets' | 'weights'>,
    factor: number,
    { towardsHidden, rows }: { towardsHidden: boolean; rows?: readonly number[] },
  ): Promise<LossAndGradient> {
    const kind = towardsHidden ? 'loss-and-gradient' : 'loss-and-gradient-of-weights';
    const results = await this.run(kind, hidden, rows, targetFeeds(targets, factor));
    const found = this.gradients();
    return {
      negativeLogLikelihoods: floats(results[this.graph.negativeLogLikelihood.name]),
      ...(towardsHidden ? { hidden: results[found.hidden.name] } : {}),
      weights: Object.fromEntries(
        Object.entries(found.weights).map(([name, gradient]) => [name, results[gradient.name]]),
      ),
    };
  }

  async release(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  private async run(
    kind: Kind,
    hidden: HostTensor,
    chosen: readonly number[] | undefined,
    more: Record<string, HostTensor> = {},
  ): Promise<Record<string, HostTensor>> {
    const [tokens] = hidden.shape;
    const rows = chosen ?? Array.from({ length: tokens }, (_, token) => token);
    const rowOfToken = new Array<number>(tokens).fill(rows.length);
    rows.forEach((token, row) => (rowOfToken[token] = row));
    const session = await this.session(kind);
    return session.run({
      ...this.tuned,
      hidden,
      rows: hostIndices(rows),
      row_of_token: hostIndices(rowOfToken),
      ...more,
    });
  }

  private session(kind: Kind): Promise<Session> {
    const known = this.sessions.get(kind);
    if (known) return known;
    const created = Session.create(cutModel(this.graph.graph, this.outputs(kind)), this.options);
    this.sessions.set(kind, created);
    return created;
  }

  private outputs(kind: Kind): Tensor[] {
    const { logits, normalised, negativeLogLikelihood } = this.graph;
    switch (kind) {
      case 'logits':
        return [logits];
      case 'normalised':
        return [normalised];
      case 'loss':
        return [negativeLogLikelihood];
      case 'loss-and-gradient':
        return [negativeLogLikelihood, this.gradients().hidden, ...Object.values(this.gradients().weights)];
      case 'loss-and-gradient-of-weights':
        return [negativeLogLikelihood, ...Object.values(this.gradients().weights)];
    }
  }

  /** Records the backward pass beside the forward one, once. */
  private gradients(): GradientTensors {
    if (this.gradientTensors) return this.gradientTensors;
    const { negativeLogLikelihood, lossWeights, hidden, fed } = this.graph;
    const names = Object.keys(fed);
    const targets = [hidden, ...Object.values(fed)];
    const [ofHidden, ...ofWeights] = knownGradients(
      [{ output: negativeLogLikelihood, gradient: lossWeights }],
      targets,
    );
    this.gradientTensors = {
      hidden: ofHidden,
      weights: Object.fromEntries(names.map((name, i) => [name, ofWeights[i]])),
    };
    return this.gradientTensors;
  }
}

function floats({ data }: HostTensor): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error('expected float32 values');
  return data;
}
