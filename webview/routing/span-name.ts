/** @file The parts of a prompt in words. */
import { t } from '@vscode/l10n';

import type { TokenSpan } from '../../src/protocol/routing-view';

export function spanName(span: TokenSpan): string {
  switch (span) {
    case 'template':
      return t('template');
    case 'context':
      return t('context');
    case 'question':
      return t('question');
    case 'answer':
      return t('answer');
    case 'generated':
      return t('generated');
  }
}
