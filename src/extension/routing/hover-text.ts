/** @file The Markdown of a token's hover. Texts of models and documents are data: they only appear as escaped code. */
import { t } from '@vscode/l10n';

import type { RoutingView, TokenSpan } from '../../protocol/routing-view';
import { type BaseAndTuned, type LayerFacts, type RoutedExpert, tokenFacts } from './token-facts';

/** A hover lists at most this many layers of a deep model: the first and the last ones. */
const layersShown = 64;

/** @param stale the document was edited since the trace */
export function hoverMarkdown(view: RoutingView, position: number, stale: boolean): string {
  const token = view.tokens[position];
  const head = [
    `**${code(token.text)}** ${t('id {0} · position {1}', token.id, position)} · ${spanName(token.span)}`,
    token.answer_in_context ? t('answer in the context') : '',
  ];
  const facts = tokenFacts(view, position);
  const shown =
    facts.length > layersShown
      ? [...facts.slice(0, layersShown / 2), ...facts.slice(-layersShown / 2)]
      : facts;
  return [
    ...(stale ? [staleMarkdown] : []),
    head.filter(Boolean).join(' · '),
    table(shown, view.tuned !== undefined),
    legend(view, facts),
  ].join('\n\n');
}

function spanName(span: TokenSpan): string {
  return {
    template: t('template'),
    context: t('context'),
    question: t('question'),
    answer: t('answer'),
    generated: t('generated'),
  }[span];
}

/** Said of a token whose text was edited away, and above the facts of the others. */
export const staleMarkdown = `*${t('Stale: the document was edited after it was traced. Trace it again.')}*`;

function table(facts: readonly LayerFacts[], tuned: boolean): string {
  const hasShare = facts.some(layer => layer.share);
  const columns = [
    t('Layer'),
    ...(tuned ? [t('Base'), t('Tuned')] : [t('Experts')]),
    ...(hasShare ? [t('To ★')] : []),
    t('Attention'),
  ];
  const rows = facts.map(layer => [
    `${layer.layer}`,
    experts(layer.experts.base),
    ...(tuned ? [experts(layer.experts.tuned ?? [])] : []),
    ...(hasShare ? [pair(layer.share, 0)] : []),
    pair(layer.attention, 1),
  ]);
  const lines = [columns, columns.map(() => ':--'), ...rows.map(cells => cells.map(spaced))];
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function experts(routed: readonly RoutedExpert[]): string {
  return routed
    .map(({ expert, weight, contextFaithful }) =>
      unbroken(`${contextFaithful ? '★ ' : ''}${expert} (${weight.toFixed(2)})`),
    )
    .join(', ');
}

/** A share in percent, base → tuned. */
function pair(share: BaseAndTuned<number> | undefined, decimals: number): string {
  if (!share) return '–';
  const [base, tuned] = [share.base, share.tuned].map(value => (100 * (value ?? 0)).toFixed(decimals));
  return unbroken(share.tuned === undefined ? `${base} %` : `${base} → ${tuned} %`);
}

/** A hover is narrow: lines break between experts, not within one. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Tables in hovers have no space between columns. As an entity: other white space at the end of a cell is dropped. */
function spaced(cell: string, column: number, cells: readonly string[]): string {
  return column === 0 || column === cells.length - 1 ? cell : `${cell}&nbsp;`;
}

function legend(view: RoutingView, facts: readonly LayerFacts[]): string {
  const parts = [
    t('weights in brackets'),
    t('attention from the last prompt token ({0})', view.last_prompt_token),
  ];
  if (facts.some(layer => layer.share)) parts.unshift(t('★ context-faithful expert'));
  if (view.tuned) parts.push(t('base → router-tuned'));
  return parts.join(' · ');
}

/** Inline code that shows white space and control characters and cannot be left by backticks in the text. */
function code(text: string): string {
  if (text === '') return t('(no text)');
  const visible = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  const longest = Math.max(0, ...(visible.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  // One space next to each fence is dropped by Markdown when both are there.
  return `${fence} ${visible} ${fence}`;
}
