/** @file What the panel says of a token and of the prompt, beside what the editor's hover says, too. */
import type { RoutingView, TokenSpan } from '../../src/protocol/routing-view';
import type { Choice } from '../../src/protocol/token-facts';

export {
  attentionReceived,
  type BaseAndTuned,
  type Choice,
  choices,
  faithfulShare,
} from '../../src/protocol/token-facts';

/** A choice in comparison with the base model; `weight` is the tuned one, for `dropped` the base one. */
export interface ChangedChoice extends Choice {
  change: 'kept' | 'added' | 'dropped';
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
