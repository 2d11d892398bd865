/** @file What a job will take, in memory and seconds: known, and shown, before it starts. */
import { InputError } from '../common/errors';
import type { TokenizedSample } from '../data/tokenized-sample';
import {
  estimateMemory,
  expectedMemory,
  type Planned,
  settleArena,
  type Workload,
} from '../model/memory-estimate';
import { planMemory } from '../model/memory-plan';
import type { Model } from '../model/model';
import { type BatchLengths, batchLengths, packRows } from '../model/packed-batch';
import { tunedBytes } from '../model/tuned-weights';
import { evaluationTokens } from '../train/fine-tuning';

/** Budgets are given in hundredths of a gigabyte. */
const budgetStep = 1e7;

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

/** What is asked of prompts. */
export interface Tracing {
  /** Tokens that each is continued by at most, one by one; default: 0. */
  readonly maxNewTokens?: number;
  /** The logits of all tokens are computed. */
  readonly logits?: boolean;
  /** The attention of all layers is kept. */
  readonly attention?: boolean;
}

/** Generation, and then a pass over the longest rows that may come of it. */
export function tracingWork(
  { architecture: { maxPositions }, tuned }: Model,
  prompts: readonly (readonly number[])[],
  { maxNewTokens = 0, logits = false, attention = false }: Tracing,
): Workload[] {
  const given = batchLengths(packRows(prompts));
  const length = Math.min(given.length + maxNewTokens, Math.max(given.length, maxPositions));
  const tokens = given.tokens + given.samples * (length - given.length);
  const traced = { ...given, tokens, length, rows: tokens, queries: length };
  const fed = { trains: false, tunedBytes: tunedBytes(tuned) };
  const generation = { batch: given, scored: given.samples, maxNewTokens, ...fed };
  return [
    ...(maxNewTokens > 0 ? [generation] : []),
    { batch: traced, scored: logits ? tokens : 0, keepsAttention: attention, ...fed },
  ];
}

/**
 * Bytes that the largest of the pieces of work takes, what training saves where there is room included.
 * @throws InputError if the budget has no room for it, with the figure that would do
 */
export function checkMemory(model: Model, work: readonly Workload[]): number {
  const { bytes, problem } = memoryOf(model, work);
  if (problem !== undefined) throw new InputError(problem);
  return bytes;
}

/** The same, with what is wrong with it if the budget has no room. */
export function memoryOf(model: Model, work: readonly Workload[]): { bytes: number; problem?: string } {
  const { plan } = model;
  const needed = neededMemory(model, work);
  if (needed <= plan.memoryBudget)
    return { bytes: Math.max(...work.map(piece => expectedMemory(model, piece))) };
  const problem =
    `The memory budget of ${gigabytes(plan.memoryBudget)} GB is too small: this job takes about ` +
    `${gigabytes(needed)} GB. Raise the budget to at least ${gigabytes(sufficientBudget(model, work))} GB, or use smaller batches or shorter samples.`;
  return { bytes: needed, problem };
}

function neededMemory(model: Planned, work: readonly Workload[]): number {
  settleArena(model, work);
  const { architecture, plan } = model;
  return Math.max(...work.map(piece => estimateMemory(architecture, plan, piece)));
}

/** A budget that has room for what its own plan needs: with more memory weights are kept in it. */
function sufficientBudget({ plan, checkpoint, architecture }: Model, work: readonly Workload[]): number {
  let budget = 0;
  let needed = neededMemory({ architecture, plan }, work);
  while (needed > budget) {
    budget = Math.ceil(needed / budgetStep) * budgetStep;
    const larger = planMemory(checkpoint, { ...plan, memoryBudget: budget });
    needed = neededMemory({ architecture, plan: larger }, work);
  }
  return budget;
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

/** With two digits behind the point. */
function gigabytes(bytes: number): string {
  return (Math.round(bytes / budgetStep) / 100).toString();
}
