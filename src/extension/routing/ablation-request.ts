/** @file From what the panel's ablation strip asks to what the engine is asked: lists of experts, texts of prompts. */
import { t } from '@vscode/l10n';

import { InputError } from '../../common/errors';
import { Random } from '../../common/random';
import type { AblateResult, AblationVariant } from '../../protocol/ablation';
import type { ExpertList } from '../../protocol/artifacts';
import type { PromptSource } from '../../protocol/jobs';
import type { AblationMask, AblationOutcome, PanelQuestion } from '../../protocol/panel-messages';
import type { RoutingView } from '../../protocol/routing-view';

type Question = Extract<PanelQuestion, { kind: 'ablation' }>;

/** A variant, and where its answer belongs in the strip. */
export interface PlannedVariant {
  mask: AblationMask;
  edited: boolean;
  variant: AblationVariant;
}

/** Random experts are the same each time they are asked for. */
const seed = 0;

/**
 * @param maskedSet experts of the named set that is active in the window
 * @throws InputError if a set is asked for and none is active, or there is no text to edit
 */
export function planVariants(
  view: RoutingView,
  source: PromptSource,
  { masks, edited }: Question,
  maskedSet: ExpertList | undefined,
): PlannedVariant[] {
  const texts = [{ edited: false, words: {} }];
  if (edited !== undefined) texts.push({ edited: true, words: editedWords(view, source, edited) });
  return masks.flatMap(mask =>
    texts.map(({ edited, words }) => {
      const experts = maskOf(view, mask, maskedSet);
      const name = edited ? `${mask}, edited` : mask;
      return { mask, edited, variant: { name, ...(experts && { mask: experts }), ...words } };
    }),
  );
}

/** Puts the engine's answers, which are in the order of the plan, where they belong. */
export function outcomeOf(
  plan: readonly PlannedVariant[],
  { reference, variants }: AblateResult,
): AblationOutcome {
  const outcomes = variants.map(({ answer, answer_probability, reference_probability }, i) => {
    const { mask, edited } = plan[i];
    return { mask, edited, answer, answer_probability, reference_probability };
  });
  return { reference, outcomes };
}

function maskOf(
  view: RoutingView,
  mask: AblationMask,
  maskedSet: ExpertList | undefined,
): ExpertList | undefined {
  switch (mask) {
    case 'none':
      return undefined;
    case 'faithful':
      return view.ce;
    case 'original':
      return view.oe;
    case 'random':
      return randomExperts(view);
    case 'set':
      if (maskedSet) return maskedSet;
      throw new InputError(t('No set of masked experts is active: check experts in the Experts view first.'));
  }
}

/** In each layer as many experts as are context-faithful there, all equally likely. */
function randomExperts(view: RoutingView): ExpertList {
  const random = new Random(seed);
  const all = Array.from({ length: view.num_experts }, (_, expert) => expert);
  const drawn = view.moe_layers.map(layer => {
    const count = view.ce[String(layer)]?.length ?? view.top_k;
    return [
      String(layer),
      random
        .shuffled(all)
        .slice(0, count)
        .sort((a, b) => a - b),
    ] as const;
  });
  return Object.fromEntries(drawn);
}

/** @param edited in the place of the context; in the place of the whole text where it has none */
function editedWords(
  view: RoutingView,
  source: PromptSource,
  edited: string,
): Pick<AblationVariant, 'text' | 'context'> {
  const context = contextRange(view);
  if (source.kind === 'sample') {
    if (context) return { context: edited };
    throw new InputError(t('This sample has no context that could be edited.'));
  }
  if (!context) return { text: edited };
  const { text } = source;
  const [start, end] = [context.start, context.end].map(offset => offset - view.source.start);
  return { text: text.slice(0, start) + edited + text.slice(end) };
}

/** Where the context stands in `view.text`, without the white space around it. */
function contextRange(view: RoutingView): { start: number; end: number } | undefined {
  const first = view.tokens.find(token => token.span === 'context');
  const last = view.tokens.findLast(token => token.span === 'context');
  if (!first || !last) return undefined;
  const text = view.text.slice(first.start, last.end);
  const start = first.start + (text.length - text.trimStart().length);
  return { start, end: start + text.trim().length };
}
