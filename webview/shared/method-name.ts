/** @file What a run trained, in words. */
import { t } from '@vscode/l10n';

import type { RunRecord } from '../../src/protocol/artifacts';
import { finetuneName } from '../../src/protocol/finetune-methods';

/** `Router tuning`, `CEFT by LoRA`. */
export function methodName({ job, settings }: Pick<RunRecord, 'job' | 'settings'>): string {
  return job === 'identify' ? t('Router tuning') : (finetuneName(settings) ?? job);
}
