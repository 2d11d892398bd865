/** @file The facts of one token of a trace, layer by layer: what the hover shows. */
import type { RoutingSide, RoutingView } from '../../protocol/routing-view';

export interface RoutedExpert {
  expert: number;
  weight: number;
  contextFaithful: boolean;
}

/** A quantity of the untuned model and, when there is a run, of the router-tuned one. */
export interface BaseAndTuned<T> {
  base: T;
  tuned?: T;
}

export interface LayerFacts {
  layer: number;
  experts: BaseAndTuned<RoutedExpert[]>;
  /** Share of the token's routing that goes to context-faithful experts, 0 to 1; absent without CE. */
  share?: BaseAndTuned<number>;
  /** Attention that the token receives from the last prompt token; absent where there is none. */
  attention?: BaseAndTuned<number>;
}

/** @returns the layers that have a router, ascending */
export function tokenFacts(view: RoutingView, position: number): LayerFacts[] {
  return view.moe_layers.map((layer, row) => {
    const of = <T>(pick: (side: RoutingSide) => T): BaseAndTuned<T> => ({
      base: pick(view.base),
      ...(view.tuned && { tuned: pick(view.tuned) }),
    });
    return {
      layer,
      experts: of(side => routedExperts(view, side, row, position)),
      share: numbers(of(side => side.ce_share.at(row)?.at(position))),
      attention: numbers(of(side => side.attention_from_last.at(layer)?.at(position))),
    };
  });
}

/** Mean over layers of the share to context-faithful experts, router-tuned if there is a run. Nothing without CE. */
export function meanShare(view: RoutingView, position: number): number | undefined {
  const shares = (view.tuned ?? view.base).ce_share.map(row => row.at(position) ?? 0);
  return shares.length > 0 ? shares.reduce((sum, share) => sum + share, 0) / shares.length : undefined;
}

function routedExperts(view: RoutingView, side: RoutingSide, row: number, position: number): RoutedExpert[] {
  const from = position * view.top_k;
  const weights = side.topk_weights.at(row)?.slice(from, from + view.top_k) ?? [];
  const faithful = view.ce[view.moe_layers[row]] ?? [];
  return (side.topk_indices.at(row)?.slice(from, from + view.top_k) ?? []).map((expert, slot) => ({
    expert,
    weight: weights.at(slot) ?? 0,
    contextFaithful: faithful.includes(expert),
  }));
}

function numbers({ base, tuned }: BaseAndTuned<number | undefined>): BaseAndTuned<number> | undefined {
  if (base === undefined) return undefined;
  return tuned === undefined ? { base } : { base, tuned };
}
