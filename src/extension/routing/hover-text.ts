/** @file The Markdown of a token's hover. Texts of models and documents are data: they only appear as escaped code. */
import { t } from '@vscode/l10n';

import type { RoutingView, TokenSpan } from '../../protocol/routing-view';
import {
  attentionReceived,
  type BaseAndTuned,
  type Choice,
  choices,
  faithfulShare,
} from '../../protocol/token-facts';

/** A hover lists at most this many layers of a deep model: the first and the last ones. */
const layersShown = 64;

/** @param stale the document was edited since the trace */
export function hoverMarkdown(view: RoutingView, position: number, stale: boolean): string {
  return [
    ...(stale ? [staleMarkdown] : []),
    identity(view, position),
    means(view, position),
    table(view, position),
    legend(view),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function identity(view: RoutingView, position: number): string {
  const token = view.tokens[position];
  const facts = [
    `**${code(token.text)}** ${t('id {0} · position {1}', token.id, position)}`,
    spanName(token.span),
    token.answer_in_context ? t('answer in the context') : '',
    position === view.last_prompt_token ? t('last prompt token') : '',
  ];
  return facts.filter(Boolean).join(' · ');
}

/** Share and attention, mean over layers. */
function means(view: RoutingView, position: number): string {
  const share = faithfulShare(view, position);
  const attention = attentionReceived(view, position);
  const facts = [
    share ? `${t('routing to ★')} **${pair(share, 0)}**` : '',
    attention ? `${t('attention from last prompt token')} **${pair(attention, 1)}**` : '',
  ];
  return facts.filter(Boolean).join(' · ');
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

function table(view: RoutingView, position: number): string {
  const base = choices(view, view.base, position);
  const tuned = view.tuned && choices(view, view.tuned, position);
  const columns = [t('Layer'), ...(tuned ? [t('Base'), t('Tuned')] : [t('Experts')])];
  const rows = base.map(({ layer, experts }, row) => [
    `${layer}`,
    expertList(experts),
    ...(tuned ? [expertList(tuned[row].experts)] : []),
  ]);
  const shown =
    rows.length > layersShown
      ? [...rows.slice(0, layersShown / 2), rows[0].map(() => '⋮'), ...rows.slice(-layersShown / 2)]
      : rows;
  const lines = [columns, columns.map(() => ':--'), ...shown.map(cells => cells.map(spaced))];
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function expertList(experts: readonly Choice[]): string {
  return experts
    .map(({ expert, weight, faithful }) =>
      unbroken(`${faithful ? '★ ' : ''}${expert} (${weight.toFixed(2)})`),
    )
    .join(', ');
}

/** A share in percent, base → tuned. */
function pair({ base, tuned }: BaseAndTuned, decimals: number): string {
  const percent = (share: number): string => (100 * share).toFixed(decimals);
  return unbroken(tuned === undefined ? `${percent(base)} %` : `${percent(base)} → ${percent(tuned)} %`);
}

/** A hover is narrow: lines break between experts, not within one. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Tables in hovers have no space between columns. As an entity: other white space at the end of a cell is dropped. */
function spaced(cell: string, column: number, cells: readonly string[]): string {
  return column === 0 || column === cells.length - 1 ? cell : `${cell}&nbsp;`;
}

function legend(view: RoutingView): string {
  const faithful = Object.keys(view.ce).length > 0;
  return [
    faithful ? t('★ context-faithful expert') : '',
    t('weights in brackets'),
    t('shares are means over layers'),
    view.tuned ? t('base → router-tuned') : '',
  ]
    .filter(Boolean)
    .join(' · ');
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
