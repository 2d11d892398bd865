/** @file Which memory mode a checkpoint runs in. */
import { availableParallelism, totalmem } from 'node:os';

import type { Checkpoint } from './checkpoint/checkpoint';

export interface MemoryPlan {
  readonly memoryMode: 'resident' | 'mapped';
  /** Whether sessions keep memory for their next run. Settled by `settleArena` once the work is known. */
  arena: boolean;
  readonly threads: number;
  /** Bytes that the plan had to stay within. */
  readonly memoryBudget: number;
  /** Bytes that resident mode would take for weights. */
  readonly residentBytes: number;
  /** Bytes of the budget that weights may not take. */
  readonly reservedBytes?: number;
}

export interface MemorySettings {
  /** 0: as many as there are cores, one for small models. */
  readonly threads: number;
  /** Bytes; 0: half of the machine's memory. */
  readonly memoryBudget: number;
  /** Bytes of the budget that weights may not take: training needs them. Default: 0. */
  readonly reservedBytes?: number;
}

/**
 * Resident weights are float32, and each of the two sessions of a layer that training uses holds its own, next to a
 * copy that the runtime packs for its matrix kernels: four times the parameters, four bytes each.
 */
const residentBytesPerParameter = 4 * 4;

/** Parameters from which on matrix products are large enough for several threads to share them. */
const sharedFrom = 2e7;

/** Weights may take half of what is not reserved; the rest is for the work itself. */
const shareOfWeights = 0.5;

export function planMemory(
  { parameters }: Pick<Checkpoint, 'parameters'>,
  { threads, memoryBudget, reservedBytes = 0 }: MemorySettings,
): MemoryPlan {
  const budget = memoryBudget > 0 ? memoryBudget : totalmem() / 2;
  const residentBytes = parameters * residentBytesPerParameter;
  const memoryMode = residentBytes <= shareOfWeights * (budget - reservedBytes) ? 'resident' : 'mapped';
  return {
    memoryMode,
    arena: memoryMode === 'resident',
    threads: threads > 0 ? threads : parameters < sharedFrom ? 1 : availableParallelism(),
    memoryBudget: budget,
    residentBytes,
    reservedBytes,
  };
}
