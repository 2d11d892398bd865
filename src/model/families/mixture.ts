/** @file Mixtures of experts whose experts are linear layers of their own, as most families store them. */
import { type MixtureOfExperts, type RoutingRule, siluActivation } from '../architecture';
import { gatedFeedForward, projection, projectionNames } from './shared';

export interface MixtureFields {
  /** Name of the module, e.g. `model.layers.0.mlp`. */
  readonly prefix: string;
  readonly hidden: number;
  /** Width of an expert. */
  readonly width: number;
  readonly experts: number;
  readonly topK: number;
  /** Default: softmax over all experts, weights as they are. */
  readonly routing?: Partial<RoutingRule>;
  /** Default: `gate_proj`, `up_proj`, `down_proj`. */
  readonly names?: typeof projectionNames;
}

/** Router `gate.weight`, experts `experts.{e}.…`. */
export function mixture({
  prefix,
  hidden,
  width,
  experts,
  topK,
  routing,
  names = projectionNames,
}: MixtureFields): MixtureOfExperts {
  return {
    kind: 'mixture',
    experts,
    topK,
    routing: { softmax: 'all', normalise: false, scale: 1, ...routing },
    router: projection(`${prefix}.gate`, [experts, hidden]),
    expertWidth: width,
    activation: siluActivation,
    expert: expert => gatedFeedForward(`${prefix}.experts.${expert}`, hidden, width, names),
  };
}
