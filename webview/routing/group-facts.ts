/** @file What is said of a group of tokens: of one token what the editor's hover says of it, too; of several their means. */
import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import type { Group } from './groups';
import { attentionReceived, type BaseAndTuned, type Choice, choices, faithfulShare } from './token-facts';

/** The experts of a group by MoE layer; those of several tokens with their mean weight, largest first. */
export function groupChoices(
  view: RoutingView,
  side: RoutingSide,
  { from, to }: Group,
): { layer: number; experts: Choice[] }[] {
  const tokens = positions({ from, to }).map(token => choices(view, side, token));
  if (tokens.length === 1) return tokens[0];
  return view.moe_layers.map((layer, row) => {
    const means = new Map<number, Choice>();
    for (const choice of tokens.flatMap(layers => layers[row].experts)) {
      const weight = (means.get(choice.expert)?.weight ?? 0) + choice.weight / tokens.length;
      means.set(choice.expert, { ...choice, weight });
    }
    const experts = [...means.values()].sort((a, b) => b.weight - a.weight || a.expert - b.expert);
    return { layer, experts };
  });
}

/** Share of routing that goes to context-faithful experts: mean over the tokens. */
export function groupShare(view: RoutingView, group: Group): BaseAndTuned | undefined {
  const sum = total(positions(group).map(token => faithfulShare(view, token)));
  const tokens = group.to - group.from;
  return sum && { base: sum.base / tokens, tuned: sum.tuned === undefined ? undefined : sum.tuned / tokens };
}

/** Attention from the last prompt token, mean over layers: sum over the tokens, which share it out. */
export function groupAttention(view: RoutingView, group: Group): BaseAndTuned | undefined {
  return total(positions(group).map(token => attentionReceived(view, token)));
}

function positions({ from, to }: Group): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function total(values: readonly (BaseAndTuned | undefined)[]): BaseAndTuned | undefined {
  return values.reduce((sum, value) => {
    if (!sum || !value) return undefined;
    const tuned = sum.tuned === undefined || value.tuned === undefined ? undefined : sum.tuned + value.tuned;
    return { base: sum.base + value.base, tuned };
  });
}
