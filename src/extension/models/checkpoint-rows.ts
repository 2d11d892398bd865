/** @file The Models view in words. */
import { t } from '@vscode/l10n';

import type { CheckpointSummary } from '../../protocol/jobs';
import { modelText, problemText, sizeText } from '../workspace/model-text';
import { configText } from './checkpoint-config';
import type { Checkpoint } from './checkpoints';

/** What is known of a checkpoint: by its configuration, and by the engine if that was asked. */
export interface KnownCheckpoint {
  checkpoint: Checkpoint;
  summary?: CheckpointSummary;
  chosen: boolean;
}

export type CheckpointState = 'supported' | 'unsupported' | 'unknown';

/** Without the engine it is known only that some are not supported. */
export function checkpointState({ checkpoint, summary }: KnownCheckpoint): CheckpointState {
  if (summary) return summary.supported ? 'supported' : 'unsupported';
  return checkpoint.config?.experts === undefined ? 'unsupported' : 'unknown';
}

export function checkpointDescription(known: KnownCheckpoint): string {
  const { checkpoint, summary, chosen } = known;
  const text = summary
    ? [modelText(summary), ...(summary.supported && summary.dtype ? [summary.dtype] : [])].join(' · ')
    : checkpoint.config
      ? configText(checkpoint.config)
      : t('not supported: {0}', problemText(checkpoint.problem ?? '', checkpoint.folder));
  return chosen ? `${t('chosen')} · ${text}` : text;
}

/** Facts below a checkpoint: name and value. */
export function checkpointFacts({ checkpoint, summary }: KnownCheckpoint): [name: string, value: string][] {
  if (!summary) {
    const { config } = checkpoint;
    if (!config) return [[t('Problem'), problemText(checkpoint.problem ?? '', checkpoint.folder)]];
    return known([
      [t('Model type'), config.modelType],
      [t('Layers'), config.layers],
      [t('Experts a layer'), config.experts],
      [t('Experts a token'), config.topK],
      [t('Weights'), sizeText(config.bytes)],
      [t('Data type'), config.dtype],
    ]);
  }
  return [
    ...summary.problems.map((problem): [string, string] => [
      t('Problem'),
      problemText(problem, summary.path),
    ]),
    ...known([
      [t('Family'), summary.family ?? summary.model_type],
      [t('Layers'), summary.num_layers],
      [t('Layers with experts'), summary.moe_layers?.length],
      [t('Experts a layer'), summary.num_experts],
      [t('Experts a token'), summary.top_k],
      [t('Hidden size'), summary.hidden_size],
      [t('Vocabulary'), summary.vocabulary],
      [t('Parameters'), summary.parameters],
      [t('Weights'), summary.bytes === undefined ? undefined : sizeText(summary.bytes)],
      [t('Data type'), summary.dtype],
    ]),
  ];
}

export function checkpointTooltip(shown: KnownCheckpoint): string {
  const facts = checkpointFacts(shown).map(([name, value]) => `${name}: ${value}`);
  const state = checkpointState(shown) === 'unknown' ? [t('Expand it to see whether it is supported.')] : [];
  const chosen = shown.chosen ? [t('Chosen for traces and jobs.')] : [];
  return [shown.checkpoint.folder, ...facts, ...chosen, ...state].join('\n');
}

function known(facts: [name: string, value: string | number | undefined][]): [string, string][] {
  return facts.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, typeof value === 'number' ? value.toLocaleString('en') : value]],
  );
}
