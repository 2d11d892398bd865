/** @file What was analysed and how, in two lines. */
import { t } from '@vscode/l10n';

import type { AnalysisResult } from '../../src/protocol/analysis-results';
import { integer } from '../shared/format';

export function analysisTitle(result: AnalysisResult): { title: string; note: string } {
  const bands = t('Bands and whiskers: 95 % bootstrap intervals.');
  switch (result.kind) {
    case 'attention':
      return {
        title: t('Attention gain by layer'),
        note: `${t('From the last prompt token, mean over heads, sum over the tokens of the span.')} ${bands}`,
      };
    case 'logit-lens':
      return {
        title: t('Answer probability by layer'),
        note: `${t('Of the first answer token at the last prompt token, read off after each layer.')} ${bands}`,
      };
    case 'reliance':
      return {
        title: t('Context reliance of answer tokens'),
        note: `${t('Log-probability with the context minus without it.')} ${bands}`,
      };
    case 'masking':
      return { title: t('Answers with experts switched off'), note: bands };
    case 'patterns':
      return {
        title: t('Activation patterns of context-faithful experts'),
        note: t('{0} samples; near each other: alike shares of routing.', integer(result.samples.length)),
      };
    case 'transfer':
      return {
        title: t('Transfer of tuning between datasets'),
        note: t('Exact match minus that of the untuned model, with 95 % bootstrap intervals.'),
      };
    case 'forgetting':
      return { title: t('Answers without a context'), note: bands };
    case 'cost':
      return { title: t('Cost of tuning'), note: t('As measured in each run.') };
  }
}
