/** @file What an agent is told: a few sentences, then the same as JSON. In English: the reader is a model. */
import type { IdentifyResult } from '../../protocol/jobs';
import type { RoutingSide, RoutingView } from '../../protocol/routing-view';
import { choices, faithfulShare } from '../../protocol/token-facts';

/** Experts that are named for each layer. */
const named = 5;

interface UsedExpert {
  expert: number;
  /** Of the prompt's (token, slot) pairs in this layer, 0 to 1. */
  share: number;
  context_faithful: boolean;
}

export interface ToolResult {
  text: string;
  json: object;
}

/** The experts that the prompt's tokens are sent to most, layer by layer. */
export function traceResult(view: RoutingView): ToolResult {
  const side = view.tuned ?? view.base;
  const tokens = view.last_prompt_token + 1;
  const shares = view.tokens.slice(0, tokens).map((_, token) => faithfulShare(view, token));
  const mean = (values: (number | undefined)[]): number =>
    values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / tokens;
  const json = {
    model: view.model_name,
    run: view.run_id,
    routers: view.tuned ? 'router-tuned' : 'base',
    prompt_tokens: tokens,
    experts_per_layer: view.num_experts,
    top_k: view.top_k,
    ...(shares[0] && {
      share_to_context_faithful: {
        base: round(mean(shares.map(share => share?.base))),
        tuned: view.tuned && round(mean(shares.map(share => share?.tuned))),
      },
    }),
    layers: view.moe_layers.map((layer, row) => ({
      layer,
      context_faithful: view.ce[layer] ?? [],
      used: mostUsed(view, side, row, tokens),
      last_prompt_token: choices(view, side, view.last_prompt_token)[row].experts.map(({ expert, weight }) => ({
        expert,
        weight: round(weight),
      })),
    })),
  };
  const share = json.share_to_context_faithful;
  const text = [
    `The prompt has ${tokens} tokens in ${view.model_name}; each goes to ${view.top_k} of ${view.num_experts} experts in each of ${view.moe_layers.length} layers (${json.routers} routers).`,
    share
      ? `Share of its routing to context-faithful experts (★): ${percent(share.base)}${share.tuned === undefined ? '' : ` before, ${percent(share.tuned)} after router tuning`}.`
      : 'Context-faithful experts are not known yet: routerLens_identify finds them.',
    'Most used experts, by their share of the token slots:',
    ...json.layers.map(({ layer, used }) => {
      const list = used.map(e => `${e.context_faithful ? '★ ' : ''}${e.expert} (${percent(e.share)})`);
      return `Layer ${layer}: ${list.join(', ')}`;
    }),
  ].join('\n');
  return { text, json };
}

function mostUsed(view: RoutingView, side: RoutingSide, row: number, tokens: number): UsedExpert[] {
  const slots = side.topk_indices[row].slice(0, tokens * view.top_k);
  const counts = new Map<number, number>();
  for (const expert of slots) counts.set(expert, (counts.get(expert) ?? 0) + 1);
  const faithful = view.ce[view.moe_layers[row]] ?? [];
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || a - b)
    .slice(0, named)
    .map(([expert, count]) => ({
      expert,
      share: round(count / slots.length),
      context_faithful: faithful.includes(expert),
    }));
}

/** The context-faithful experts, and what router tuning gained. */
export function identifyResult({ run, run_folder, report, context_dependence }: IdentifyResult): ToolResult {
  const { ce, k } = context_dependence;
  const { base, tuned } = run.results;
  const gain =
    base && tuned
      ? ` Router tuning: exact match ${base.em.toFixed(1)} → ${tuned.em.toFixed(1)} %, F1 ${base.f1.toFixed(1)} → ${tuned.f1.toFixed(1)} % on ${tuned.samples} test samples.`
      : '';
  const text = [
    `The ${k} most context-faithful experts of each layer of ${run.model.name}:`,
    ...Object.entries(ce).map(([layer, experts]) => `Layer ${layer}: ${experts.join(', ')}`),
    `Run folder: ${run_folder}.${gain}`,
  ].join('\n');
  return { text, json: { model: run.model.name, run_folder, report, context_faithful: ce, base, tuned } };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Three decimals are enough to read. */
function round(value: number): number {
  return Math.round(1000 * value) / 1000;
}
