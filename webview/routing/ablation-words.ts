/** @file Words of the ablation strip, and the text that can be edited in it. */
import { t } from '@vscode/l10n';

import type { AblationMask } from '../../src/protocol/panel-messages';
import type { RoutingView } from '../../src/protocol/routing-view';
import { spanRange } from './token-facts';

export function maskName(mask: AblationMask, maskedSet: string | undefined): string {
  switch (mask) {
    case 'none':
      return t('none');
    case 'faithful':
      return t('★ context-faithful');
    case 'original':
      return t('original top-k');
    case 'random':
      return t('random, as many');
    case 'set':
      return maskedSet === undefined ? t('a named set (choose one in Experts)') : t('set “{0}”', maskedSet);
  }
}

/** The context as the prompt has it; the whole of what was traced where there is none. */
export function editableText(view: RoutingView): { text: string; isContext: boolean } {
  const range = spanRange(view, 'context');
  if (!range)
    return { text: view.text.slice(Math.max(0, view.source.start), view.source.end), isContext: false };
  const [first, last] = [view.tokens[range.from], view.tokens[range.to - 1]];
  return { text: view.text.slice(first.start, last.end).trim(), isContext: true };
}
