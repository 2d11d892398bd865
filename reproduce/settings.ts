/** @file What is reproduced, and how much of it: every number that is chosen beforehand stands here. */

/** What is tuned, from the untuned model each time. */
export const methods = ['rt', 'ceft', 'fft', 'esft', 'random'] as const;
export type Method = (typeof methods)[number];

export const methodNames: Readonly<Record<Method, string>> = {
  rt: 'RT',
  ceft: 'CEFT',
  fft: 'FFT',
  esft: 'ESFT',
  random: 'random experts',
};

/** Methods that a learning rate is chosen for; those that train lists of experts share CEFT's. */
export const ratedMethods = ['rt', 'ceft', 'fft'] as const;
export type RatedMethod = (typeof ratedMethods)[number];

export function ratedMethodOf(method: Method): RatedMethod {
  return method === 'esft' || method === 'random' ? 'ceft' : method;
}

/** What routers are tuned on for the transfer matrix, and evaluated on; the first is the task of everything else. */
export const tasks = ['swap', 'multihop', 'reading'] as const;
export type Task = (typeof tasks)[number];

/** Whose samples are placed on the map of activation patterns. */
export const mappedDatasets = ['swap', 'true', 'multihop', 'reading'] as const;

/** Test sets that all methods answer: contexts that contradict memory, contexts that agree with it, no contexts. */
export type TestSet = 'swap' | 'true' | 'closed';

export interface Settings {
  readonly seeds: readonly number[];
  /** Options of the command line that every tuning gets. */
  readonly training: Readonly<Record<string, string | number>>;
  /** Tried with the first seed. */
  readonly learningRates: Readonly<Record<RatedMethod, readonly number[]>>;
  /** Questions at most. */
  readonly questions: {
    /** Of each test set; undefined: all. */
    readonly tests: Readonly<Record<TestSet, number | undefined>>;
    /** Of each task of the transfer matrix. */
    readonly transfer: number;
    /** For attention, answer probability and context reliance. */
    readonly inside: number;
    /** Of each dataset on the map. */
    readonly map: number;
  };
  /** Random lists that are masked, for each seed and length of list. */
  readonly randomMasks: number;
}

/** As in the demo; the schedule and all else are the paper's. */
const training = {
  'limit-train': 800,
  'limit-dev': 100,
  'batch-size': 8,
  epochs: 3,
  schedule: 'cosine',
  'warmup-ratio': 0.1,
  clip: 1,
};

const learningRates = { rt: [3e-3, 1e-2], ceft: [1e-3, 3e-3], fft: [3e-4, 1e-3] };

export function fullSettings(seeds = 3): Settings {
  return {
    seeds: firstSeeds(seeds),
    training,
    learningRates,
    questions: { tests: { swap: 400, true: 200, closed: undefined }, transfer: 200, inside: 200, map: 150 },
    randomMasks: 3,
  };
}

/** Runs every step on next to nothing: the numbers mean nothing. */
export function quickSettings(seeds = 2): Settings {
  return {
    seeds: firstSeeds(seeds),
    training: { ...training, 'limit-train': 16, 'limit-dev': 8, epochs: 1 },
    learningRates,
    questions: { tests: { swap: 12, true: 12, closed: 12 }, transfer: 8, inside: 8, map: 6 },
    randomMasks: 1,
  };
}

function firstSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, seed) => seed);
}

/**
 * Lengths of the lists that are masked: as many experts as a token is sent to, one more, twice as many; as far as enough
 * experts are left.
 */
export function maskLengths({ num_experts, top_k }: { num_experts: number; top_k: number }): number[] {
  return [...new Set([top_k, top_k + 1, 2 * top_k])].filter(k => num_experts - k >= top_k);
}
