/** @file Answers of an ablation in a table: a row for each mask, the edited prompt beside the present one. */
import { t } from '@vscode/l10n';

import { ablationMasks, type AblationOutcome } from '../../src/protocol/panel-messages';
import { element } from '../shared/dom';
import { percent, quotedToken } from '../shared/format';
import { maskName } from './ablation-words';

type Outcome = AblationOutcome['outcomes'][number];

export function ablationTable(
  { outcomes, reference }: AblationOutcome,
  maskedSet: string | undefined,
): HTMLElement {
  const hasEdited = outcomes.some(outcome => outcome.edited);
  const sides = hasEdited ? [false, true] : [false];
  const rows = ablationMasks
    .filter(mask => outcomes.some(outcome => outcome.mask === mask))
    .map(mask => {
      const cells = sides.flatMap(edited =>
        outcomeCells(outcomes.find(outcome => outcome.mask === mask && outcome.edited === edited)),
      );
      return element('tr', {}, element('th', { scope: 'row' }, maskName(mask, maskedSet)), ...cells);
    });
  return element(
    'table',
    { class: hasEdited ? 'compared' : '' },
    element('caption', { class: 'visually-hidden' }, t('Answers with experts masked')),
    element('thead', {}, ...headings(hasEdited, reference)),
    element('tbody', {}, ...rows),
  );
}

function headings(hasEdited: boolean, reference: string): HTMLElement[] {
  const columns = [t('probability of {0}', quotedToken(reference)), t('answer')];
  const heading = (text: string): HTMLElement => element('th', { scope: 'col' }, text);
  if (!hasEdited) return [element('tr', {}, heading(t('masked')), ...columns.map(heading))];
  const side = (text: string): HTMLElement => element('th', { scope: 'colgroup', colspan: 2 }, text);
  const corner = element('th', { scope: 'col', rowspan: 2 }, t('masked'));
  return [
    element('tr', {}, corner, side(t('as traced')), side(t('edited'))),
    element('tr', {}, ...[...columns, ...columns].map(heading)),
  ];
}

function outcomeCells(outcome: Outcome | undefined): HTMLElement[] {
  if (!outcome) return [element('td', {}, '–'), element('td', {}, '–')];
  const fill = element('i', { class: outcome.mask });
  fill.style.width = `${100 * outcome.reference_probability}%`;
  const bar = element('span', { class: 'track', 'aria-hidden': 'true' }, fill);
  const says = outcome.answer === '' ? t('(nothing)') : quotedToken(outcome.answer);
  return [
    element('td', { class: 'probability' }, bar, element('span', {}, percent(outcome.reference_probability))),
    element(
      'td',
      { class: 'says' },
      element('span', { class: 'text' }, says),
      ' ',
      element('small', {}, percent(outcome.answer_probability)),
    ),
  ];
}
