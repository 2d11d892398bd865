/** @file The key of the prompt: the colour scale with its unit, and what lines and boxes mean. */
import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import { legend } from '../shared/legend';
import type { Theme } from '../shared/theme';
import type { Grid } from './grid';
import { spanRange } from './token-facts';

export function promptLegend(view: RoutingView, grid: Grid, theme: Theme): HTMLElement {
  const caption = [grid.caption, grid.valuesAre, grid.groupedAs].filter(Boolean).join(' · ');
  const key = legend(theme.data[grid.scale], grid.lowText, grid.highText, caption);
  const mark = (name: string, text: string): void => key.append(element('span', { class: name }, text));
  if (spanRange(view, 'context')) mark('key-context', t('context'));
  if (view.tokens.some(token => token.answer_in_context)) mark('key-answer', t('answer'));
  if (spanRange(view, 'generated'))
    mark('key-generated', view.generated_by === 'tuned' ? t('generated, tuned') : t('generated, base'));
  return key;
}
