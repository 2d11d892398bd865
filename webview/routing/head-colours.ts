/** @file The prompt coloured by the attention of one head. */
import { t } from '@vscode/l10n';

import { element } from '../shared/dom';
import { percent, percentagePoints } from '../shared/format';
import { legend } from '../shared/legend';
import type { Theme } from '../shared/theme';
import type { Groups } from './groups';
import { headRange } from './head-strips';
import type { ChipColours } from './prompt';
import type { ChosenHead } from './state';
import { groupValues } from './token-values';

/** @param release called when the user is done with the head */
export function headColouring(
  head: ChosenHead,
  groups: Groups,
  theme: Theme,
  release: () => void,
): { colours: ChipColours; legend: HTMLElement } {
  const colours = headColours(head, groups);
  return { colours, legend: headLegend(head, colours, theme, release) };
}

/** Tokens behind the one that attends get nothing of its attention. */
export function headColours({ values, isDifference }: ChosenHead, groups: Groups): ChipColours {
  const all = Array.from({ length: groups.list.at(-1)?.to ?? 0 }, (_, token) => values[token] ?? 0);
  const [row] = groupValues([all], groups, 'sum');
  return {
    ...headRange([[row]], isDifference),
    values: row,
    scale: isDifference ? 'diverging' : 'sequential',
    format: isDifference ? percentagePoints : percent,
  };
}

function headLegend(
  { token, layer, head }: ChosenHead,
  { low, high, scale, format }: ChipColours,
  theme: Theme,
  release: () => void,
): HTMLElement {
  const caption = t('of attention of token {0} · layer {1}, head {2}', token, layer, head);
  const lowText = low < 0 ? `≤ ${format(low)}` : format(low);
  const key = legend(theme.data[scale], lowText, `≥ ${format(high)}`, caption);
  const button = element('button', { type: 'button', class: 'link' }, t('Back to the quantity'));
  button.addEventListener('click', release);
  key.append(button);
  return key;
}
