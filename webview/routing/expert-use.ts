/** @file Where the tokens of a prompt go: load of experts, tokens of an expert. */
import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import type { Expert } from './state';

/** [MoE layer][expert]: share of the prompt's top-k places that the expert takes; sums to 1 over experts. */
export function expertLoad(view: RoutingView, side: RoutingSide): number[][] {
  return side.topk_indices.map(row => {
    const counts = new Array<number>(view.num_experts).fill(0);
    for (const expert of row) counts[expert] += 1;
    return counts.map(count => count / Math.max(1, row.length));
  });
}

/** Tokens that are sent to the expert, in order, with its routing weight for each. */
export function tokensOf(
  view: RoutingView,
  side: RoutingSide,
  { layer, expert }: Expert,
): { token: number; weight: number }[] {
  const row = view.moe_layers.indexOf(layer);
  const [indices, weights] = [side.topk_indices[row] ?? [], side.topk_weights[row] ?? []];
  return indices.flatMap((chosen, slot) =>
    chosen === expert ? [{ token: Math.floor(slot / view.top_k), weight: weights[slot] }] : [],
  );
}

/** Whether an expert is context-faithful. */
export function isFaithful(view: RoutingView, { layer, expert }: Expert): boolean {
  return view.ce[String(layer)]?.includes(expert) ?? false;
}
