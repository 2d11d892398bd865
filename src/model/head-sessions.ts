/** @file The sessions of the head: logits, loss, and the gradient of the loss. */
import { gradients } from '../engine/gradients';
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
}

type Kind = 'logits' | 'normalised' | 'loss' | 'loss-and-gradient';

export class HeadSessions {
  private readonly graph: HeadGraph;
  private readonly sessions = new Map<Kind, Promise<Session>>();
  private hiddenGradient: FloatTensor | undefined;

  constructor(
    checkpoint: Checkpoint,
    architecture: Architecture,
    private readonly options: SessionOptions,
  ) {
    this.graph = head(checkpoint, architecture, { inParts: options.memoryMode === 'mapped' });
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

  /** −log p of each row's target, and the gradient of `Σ weight · −log p` with respect to `hidden`. */
  async lossAndGradient(
    hidden: HostTensor,
    targets: readonly number[],
    weight: number,
  ): Promise<{ negativeLogLikelihoods: Float32Array; gradient: HostTensor }> {
    const shape = [targets.length, 1];
    const results = await this.run('loss-and-gradient', hidden, undefined, {
      targets: hostIndices(targets, shape),
      loss_weights: { data: new Float32Array(targets.length).fill(weight), shape },
    });
    return {
      negativeLogLikelihoods: floats(results[this.graph.negativeLogLikelihood.name]),
      gradient: results[this.gradientTensor().name],
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
    return session.run({ hidden, rows: hostIndices(rows), row_of_token: hostIndices(rowOfToken), ...more });
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
        return [negativeLogLikelihood, this.gradientTensor()];
    }
  }

  private gradientTensor(): FloatTensor {
    if (this.hiddenGradient) return this.hiddenGradient;
    const { negativeLogLikelihood, lossWeights, hidden } = this.graph;
    const [gradient] = gradients([{ output: negativeLogLikelihood, gradient: lossWeights }], [hidden]);
    if (!gradient) throw new Error('no gradient reaches the hidden states');
    this.hiddenGradient = gradient;
    return gradient;
  }
}

function floats({ data }: HostTensor): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error('expected float32 values');
  return data;
}
