/** @file The result of an analysis in a few lines. */
import type { AnalysisResult, AnalyzeAnswer } from '../protocol/analysis-results';
import type { Estimate } from '../protocol/evaluation';
import { describeEstimate, describeScores } from './evaluation-options';

export function describeAnalysis({ result, files }: AnalyzeAnswer): string {
  return [...summary(result), ...files].join('\n');
}

function summary(result: AnalysisResult): string[] {
  switch (result.kind) {
    case 'attention':
      return [
        ...byLayer('CAG, gain of the attention to the context', result.context?.gain ?? []),
        ...byLayer('AAG, gain of the attention to the answer in it', result.answer?.gain ?? []),
      ];
    case 'logit-lens':
      return byLayer('APG, gain of the answer probability', result.gain);
    case 'reliance':
      return result.variants.map(
        ({ name, mean }) => `${name}  ${describeEstimate(mean)} nats a token (${mean.samples} samples)`,
      );
    case 'masking':
      return aligned(result.conditions);
    case 'forgetting':
      return aligned(result.variants);
    case 'patterns':
      return [`${result.samples.length} samples of ${result.datasets.join(', ')} by ${result.method}`];
    case 'transfer':
      return [
        'EM minus EM of the untuned model:',
        ...result.rows.flatMap(({ name: row }, r) =>
          result.columns.map(
            ({ name: column }, c) =>
              `  tuned on ${row}, evaluated on ${column}  ${describeEstimate(result.cells[r][c].em_gain, 1)}`,
          ),
        ),
      ];
    case 'cost':
      return result.runs.map(
        ({ name, trainable_parameters, training_seconds, peak_private, peak_resident }) =>
          `${name}  ${trainable_parameters?.toLocaleString('en') ?? '?'} of ${result.parameters.toLocaleString('en')} parameters` +
          `  ${training_seconds?.toFixed(1) ?? '?'} s  ${gigabytes(peak_private || peak_resident)} GB`,
      );
  }
}

function gigabytes(bytes: number | undefined): string {
  return bytes === undefined ? '?' : (bytes / 1e9).toFixed(2);
}

type Scored = Parameters<typeof describeScores>[1];

function aligned(variants: readonly { name: string; scores: Scored }[]): string[] {
  const width = Math.max(...variants.map(({ name }) => name.length));
  return variants.map(({ name, scores }) => describeScores(name.padEnd(width), scores));
}

function byLayer(title: string, estimates: readonly Estimate[]): string[] {
  if (estimates.length === 0) return [];
  const lines = estimates.map(
    (estimate, layer) => `  layer ${String(layer).padStart(2)}  ${describeEstimate(estimate)}`,
  );
  return [`${title}:`, ...lines];
}
