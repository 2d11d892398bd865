/** @file Figure and table of an ablation: how likely the reference is with each set of experts switched off. On white paper. */
import { t } from '@vscode/l10n';

import { barPanel } from '../../src/figures/bar-panel';
import { csv } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import { blue, vermilion } from '../../src/figures/style';
import type { AblationOutcome } from '../../src/protocol/panel-messages';
import { percent, quotedToken } from '../shared/format';
import type { Picture } from '../shared/picture';
import { maskName } from './ablation-words';

export interface ShownAblation {
  outcome: AblationOutcome;
  /** Name of the named set, where one was masked. */
  maskedSet: string | undefined;
}

export function ablationPicture(shown: () => ShownAblation): Picture {
  return {
    title: () => t('Ablation'),
    svg: () => ablationFigure(shown()),
    csv: () => {
      const { outcome, maskedSet } = shown();
      return csv({
        columns: [
          'masked',
          'prompt',
          'answer',
          'answer probability',
          'reference',
          'probability of the reference',
        ],
        rows: outcome.outcomes.map(({ mask, edited, ...said }) => [
          ...[maskName(mask, maskedSet), edited ? 'edited' : 'as traced'],
          ...[said.answer, said.answer_probability, outcome.reference, said.reference_probability],
        ]),
      });
    },
  };
}

function ablationFigure({ outcome: { reference, outcomes }, maskedSet }: ShownAblation): string {
  const masks = [...new Set(outcomes.map(({ mask }) => mask))];
  const sides = outcomes.some(({ edited }) => edited) ? [false, true] : [false];
  const colourOf = (edited: boolean): string => (edited ? vermilion : blue);
  const name = (edited: boolean): string => (edited ? t('edited') : t('as traced'));
  return figure({
    title: t('Probability of {0} with experts masked', quotedToken(reference)),
    key: sides.map(edited => ({ name: name(edited), colour: colourOf(edited), mark: 'square' })),
    panels: [
      barPanel({
        ...{ title: '', xName: t('probability'), atLeast: 1, width: 620 },
        rows: masks.map(mask => ({
          name: maskName(mask, maskedSet),
          bars: sides.map(edited => {
            const found = outcomes.find(outcome => outcome.mask === mask && outcome.edited === edited);
            return {
              colour: colourOf(edited),
              ...(found ? { value: found.reference_probability } : {}),
            };
          }),
        })),
        format: percent,
      }),
    ],
  });
}
