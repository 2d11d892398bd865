/** @file What a pass through a model may be given, and told of. */
import type { HostTensor } from '../engine/session';
import type { LayerForward, LayerRouting } from './layer-sessions';

/** For each MoE layer, what its router is fed: by default the weights of the checkpoint. */
export type Routers = ReadonlyMap<number, Readonly<Record<string, HostTensor>>>;

/** For each layer the experts that are switched off (router logits −∞). */
export type ExpertMask = ReadonlyMap<number, readonly number[]>;

export interface PassOptions {
  readonly routers?: Routers;
  readonly mask?: ExpertMask;
  readonly signal?: AbortSignal;
}

export interface ForwardOptions extends PassOptions {
  /** Keep the attention probabilities of every layer. */
  readonly attention?: boolean;
  /** Only the first so many layers run; default: all. */
  readonly layers?: number;
  /** Called with each layer's result as soon as it is there. */
  readonly onLayer?: (layer: number, result: LayerForward) => void;
}

export interface RowsOptions extends PassOptions {
  /** Told the routing of all tokens in each MoE layer. In the last layer its choice for other rows is made for this alone. */
  readonly onRouting?: (layer: number, routing: LayerRouting) => void;
}
