/** @file Methods of fine-tuning in words. */
import { t } from '@vscode/l10n';

import type { FinetuneMethod } from '../../src/protocol/finetune-methods';

export function methodText(method: FinetuneMethod): { name: string; note: string } {
  switch (method) {
    case 'ceft':
      return {
        name: t('CEFT: context-faithful experts'),
        note: t('Trains the experts that read the context after router tuning.'),
      };
    case 'esft':
      return {
        name: t('ESFT: original experts'),
        note: t('Trains the experts that the untuned model uses most.'),
      };
    case 'random':
      return { name: t('Random experts'), note: t('Trains as many experts, drawn by the seed: a control.') };
    case 'rt':
      return { name: t('RT: routers'), note: t('Trains the routers alone.') };
    case 'fft':
      return { name: t('FFT: all weights'), note: t('Trains everything: needs the most memory.') };
  }
}
