/** @file What a job will take, in memory and seconds: known, and shown, before it starts. */
import { InputError } from '../common/errors';
import type { TokenizedSample } from '../data/tokenized-sample';
import { estimateMemory, expectedMemory, type Workload } from '../model/memory-estimate';
import type { Model } from '../model/model';
import type { BatchLengths } from '../model/packed-batch';
import { evaluationTokens } from '../train/fine-tuning';

export interface JobEstimate {
  readonly seconds: number;
  /** Bytes of private memory at the highest. */
  readonly memory: number;
}

/** The longest samples in one batch: none of a job's batches is larger. */
export function largestBatch(samples: readonly TokenizedSample[], batchSize: number): BatchLengths {
  const longest = samples
    .map(({ inputIds }) => inputIds.length)
    .sort((a, b) => b - a)
    .slice(0, batchSize);
  const tokens = longest.reduce((sum, length) => sum + length, 0);
  const [length = 0] = longest;
  return { tokens, samples: longest.length, length, rows: tokens, queries: length };
}

/** The batch of an evaluation over such samples. */
export function largestEvaluationBatch(samples: readonly TokenizedSample[]): BatchLengths {
  const length = samples.reduce((longest, { inputIds }) => Math.max(longest, inputIds.length), 0);
  const tokens = Math.max(length, evaluationTokens);
  return { tokens, samples: Math.ceil(tokens / Math.max(1, length)), length, rows: tokens, queries: length };
}

/**
 * Bytes that the largest of the pieces of work takes, what training saves where there is room included.
 * @throws InputError if the budget has no room for it, with the figure that would do
 */
export function checkMemory(model: Model, work: readonly Workload[]): number {
  const { architecture, plan } = model;
  const needed = Math.max(...work.map(piece => estimateMemory(architecture, plan, piece)));
  if (needed > plan.memoryBudget) {
    throw new InputError(
      `The memory budget of ${gigabytes(plan.memoryBudget)} GB is too small: this job takes about ` +
        `${gigabytes(needed)} GB. Raise the budget to at least ${gigabytes(needed, Math.ceil)} GB, or use smaller batches or shorter samples.`,
    );
  }
  return Math.max(...work.map(piece => expectedMemory(model, piece)));
}

/** One line for people. */
export function describeEstimate({ seconds, memory }: JobEstimate, budget: number): string {
  return `Estimated: ${duration(seconds)}, ${gigabytes(memory)} GB of memory (budget ${gigabytes(budget)} GB).`;
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = seconds / 60;
  return minutes < 100 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** With two digits behind the point, rounded by `round`. */
function gigabytes(bytes: number, round: (value: number) => number = Math.round): string {
  return (round(bytes / 1e7) / 100).toString();
}
