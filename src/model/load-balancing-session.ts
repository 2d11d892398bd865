/** @file The load-balancing loss of routings that layers gave one by one, and its gradient. */
import { knownGradients } from '../engine/gradients';
import { Graph } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { LayerRouting } from './layer-sessions';
import { loadBalancingLoss } from './layers/load-balancing';

export interface LoadBalancing {
  /** Without its factor (`layers/load-balancing.ts`). */
  readonly loss: number;
  /** For each layer the gradient of factor · loss with respect to its router logits [tokens, experts]. */
  readonly gradients: ReadonlyMap<number, HostTensor>;
}

export class LoadBalancingSession {
  private readonly sessions = new Map<string, Promise<Session>>();

  constructor(private readonly options: SessionOptions) {}

  async run(routings: ReadonlyMap<number, LayerRouting>, factor: number): Promise<LoadBalancing> {
    const layers = [...routings.keys()];
    const [{ logits, indices }] = routings.values();
    const session = await this.session(layers, logits.shape[1], indices.shape[1]);
    const feeds: Record<string, HostTensor> = { factor: { data: Float32Array.of(factor), shape: [1] } };
    for (const [layer, { logits, indices }] of routings) {
      feeds[`logits.${layer}`] = logits;
      feeds[`indices.${layer}`] = indices;
    }
    const [loss, ...gradients] = Object.values(await session.run(feeds));
    return {
      loss: Number(loss.data[0]),
      gradients: new Map(layers.map((layer, i) => [layer, gradients[i]])),
    };
  }

  async release(): Promise<void> {
    for (const session of this.sessions.values()) await (await session).release();
    this.sessions.clear();
  }

  private session(layers: readonly number[], experts: number, topK: number): Promise<Session> {
    const key = [layers, experts, topK].join();
    const known = this.sessions.get(key);
    if (known) return known;
    const graph = new Graph();
    const routings = layers.map(layer => ({
      logits: graph.input(`logits.${layer}`, 'float32', [`tokens of ${layer}`, experts]),
      indices: graph.input(`indices.${layer}`, 'int64', [`tokens of ${layer}`, topK]),
    }));
    const output = loadBalancingLoss(routings);
    const seed = { output, gradient: graph.input('factor', 'float32', [1]) };
    const gradients = knownGradients(
      [seed],
      routings.map(({ logits }) => logits),
    );
    const created = Session.create(cutModel(graph, [output, ...gradients]), this.options);
    this.sessions.set(key, created);
    return created;
  }
}
