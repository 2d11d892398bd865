/** @file What is said of one token: experts by layer, share of context-faithful experts, attention. */
import type { RoutingSide, RoutingView, TokenSpan } from '../../src/protocol/routing-view';

/** An expert that a token is sent to. */
export interface Choice {
  expert: number;
  weight: number;
  faithful: boolean;
}

/** A choice in comparison with the base model; `weight` is the tuned one, for `dropped` the base one. */
export interface ChangedChoice extends Choice {
  change: 'kept' | 'added' | 'dropped';
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

/** The tuned choices, marked as kept or added, followed by those of the base model that were dropped. */
export function compareChoices(base: readonly Choice[], tuned: readonly Choice[]): ChangedChoice[] {
  const has = (list: readonly Choice[], expert: number): boolean =>
    list.some(choice => choice.expert === expert);
  return [
    ...tuned.map(choice => ({
      ...choice,
      change: has(base, choice.expert) ? ('kept' as const) : ('added' as const),
    })),
    ...base
      .filter(({ expert }) => !has(tuned, expert))
      .map(choice => ({ ...choice, change: 'dropped' as const })),
  ];
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

/** Relative gain by layer, (tuned − base) / base: CAG or AAG. Null where the base has no attention there. */
export function relativeGain(base: readonly number[], tuned: readonly number[]): (number | null)[] {
  return base.map((before, layer) => (before > 0 ? (tuned[layer] - before) / before : null));
}

/** From the first token of a span to the last, end exclusive; undefined without any. */
export function spanRange(view: RoutingView, span: TokenSpan): { from: number; to: number } | undefined {
  const from = view.tokens.findIndex(token => token.span === span);
  if (from < 0) return undefined;
  return { from, to: view.tokens.findLastIndex(token => token.span === span) + 1 };
}

/** The token to show before the user chose one: the answer in the context, else the last of the prompt. */
export function firstToShow(view: RoutingView): number {
  const answer = view.tokens.findIndex(token => token.answer_in_context);
  return answer >= 0 ? answer : Math.min(view.last_prompt_token, view.tokens.length - 1);
}

function both(view: RoutingView, rows: (side: RoutingSide) => number[][], token: number): BaseAndTuned {
  const mean = (side: RoutingSide): number =>
    rows(side).reduce((sum, row) => sum + row[token], 0) / rows(side).length;
  return { base: mean(view.base), tuned: view.tuned && mean(view.tuned) };
}
