/** @file What is said of one token, by the hover in the editor and by the panel: experts by layer, share of ★, attention. */
import type { RoutingSide, RoutingView } from './routing-view';

/** An expert that a token is sent to. */
export interface Choice {
  expert: number;
  weight: number;
  faithful: boolean;
}

/** Before and after tuning; `tuned` is absent without a run. */
export interface BaseAndTuned {
  base: number;
  tuned: number | undefined;
}

/** The top-k experts of `token`, in the order of the router's logits, by MoE layer. */
export function choices(
  view: RoutingView,
  side: RoutingSide,
  token: number,
): { layer: number; experts: Choice[] }[] {
  const [from, to] = [token * view.top_k, (token + 1) * view.top_k];
  return view.moe_layers.map((layer, row) => {
    const faithful = view.ce[String(layer)] ?? [];
    const experts = side.topk_indices[row].slice(from, to).map((expert, rank) => ({
      expert,
      weight: side.topk_weights[row][from + rank],
      faithful: faithful.includes(expert),
    }));
    return { layer, experts };
  });
}

/** Share of the token's routing that goes to context-faithful experts, mean over MoE layers; undefined without any. */
export function faithfulShare(view: RoutingView, token: number): BaseAndTuned | undefined {
  if (view.base.ce_share.length === 0) return undefined;
  return both(view, side => side.ce_share, token);
}

/** Attention that the token receives from the last prompt token, mean over layers; undefined when not traced. */
export function attentionReceived(view: RoutingView, token: number): BaseAndTuned | undefined {
  if (view.base.attention_from_last.length === 0) return undefined;
  return both(view, side => side.attention_from_last, token);
}

function both(view: RoutingView, rows: (side: RoutingSide) => number[][], token: number): BaseAndTuned {
  const mean = (side: RoutingSide): number =>
    rows(side).reduce((sum, row) => sum + row[token], 0) / rows(side).length;
  return { base: mean(view.base), tuned: view.tuned && mean(view.tuned) };
}
