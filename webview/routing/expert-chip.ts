/** @file An expert as a button: number, weight, ★ where it is context-faithful. Choosing it marks its tokens. */
import { t } from '@vscode/l10n';

import { element } from '../shared/dom';
import type { ChangedChoice, Choice } from './token-facts';

export function expertChip(
  choice: Choice | ChangedChoice,
  pressed: boolean,
  choose: () => void,
): HTMLElement {
  const change = 'change' in choice ? choice.change : 'kept';
  const sign = { kept: '', added: '+', dropped: '−' }[change];
  const weight = choice.weight.toFixed(2);
  const changes = { kept: [], added: [t('new')], dropped: [t('dropped')] }[change];
  const words = [...(choice.faithful ? [t('context-faithful')] : []), ...changes];
  const chip = element('button', {
    type: 'button',
    class: ['expert', change, ...(choice.faithful ? ['is-faithful'] : [])].join(' '),
    title: t('{0}: show its tokens', [t('expert {0}', choice.expert), ...words].join(', ')),
    'aria-pressed': String(pressed),
    'data-expert': choice.expert,
    'data-change': sign,
  });
  if (choice.faithful) chip.append(element('span', { class: 'faithful', 'aria-hidden': 'true' }, '★'));
  chip.append(
    spoken(`${t('expert')} `),
    `${sign}${choice.expert}`,
    spoken(`, ${t('weight')} `),
    element('small', {}, weight),
    ...words.map(word => spoken(`, ${word}`)),
  );
  chip.addEventListener('click', choose);
  return chip;
}

function spoken(words: string): HTMLElement {
  return element('span', { class: 'visually-hidden' }, words);
}
