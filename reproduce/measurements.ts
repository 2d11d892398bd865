/** @file What a reproduction measures. A list "by seed" has one entry a seed, in the order of the seeds. */
import type { ExpertList, ModelIdentity } from '../src/protocol/artifacts';
import type { Method, RatedMethod, TestSet } from './settings';

/** Percent. */
export interface Score {
  readonly em: number;
  readonly f1: number;
}

export type Scores = Readonly<Record<TestSet, Score>>;

/** A learning rate that was tried, and the lowest loss (nats) on the dev split that came of it. */
export interface RateTrial {
  readonly rate: number;
  readonly devLoss: number;
}

/** Of one tuning. */
export interface MethodResult {
  readonly scores: Scores;
  readonly trainableParameters: number;
  /** Of the training alone. */
  readonly trainingSeconds: number;
  /** Bytes at the highest, of the tuning's own process. */
  readonly memory: number;
}

export interface MaskingResult {
  readonly base: Score;
  readonly tuned: Score;
  /** By length of the lists, the model's top-k first. */
  readonly masked: readonly {
    readonly k: number;
    readonly ce: Score;
    readonly oe: Score;
    /** Mean of several lists. */
    readonly random: Score;
  }[];
}

/** By layer; NaN where it is not defined. */
export interface InsideResult {
  readonly contextGain: readonly number[];
  readonly answerGain: readonly number[];
  readonly probabilityGain: readonly number[];
  /** Mean log-probability that the context adds to an answer token, nats. */
  readonly reliance: { readonly base: number; readonly tuned: number };
}

/** By the tasks in their order. */
export interface TransferResult {
  /** Exact match of the untuned model. */
  readonly base: readonly number[];
  /** [tuned on][evaluated on]: exact match over that of the untuned model, percentage points. */
  readonly gains: readonly (readonly number[])[];
}

export interface ExpertsResult {
  readonly ce: ExpertList;
  readonly oe: ExpertList;
}

/** Samples that were asked or looked at. */
export interface SampleCounts extends Readonly<Record<TestSet, number>> {
  /** By task. */
  readonly transfer: readonly number[];
  readonly inside: number;
  readonly map: number;
}

export interface Measurements {
  readonly model: ModelIdentity;
  readonly seeds: readonly number[];
  /** Options of every tuning. */
  readonly training: Readonly<Record<string, string | number>>;
  readonly trials: Readonly<Record<RatedMethod, readonly RateTrial[]>>;
  readonly chosenRates: Readonly<Record<RatedMethod, number>>;
  readonly samples: SampleCounts;
  readonly base: Scores;
  /** By seed. */
  readonly methods: readonly Readonly<Record<Method, MethodResult>>[];
  /** By seed. */
  readonly masking: readonly MaskingResult[];
  /** Random lists of each seed and length. */
  readonly randomMasks: number;
  /** By seed. */
  readonly inside: readonly InsideResult[];
  /** By seed. */
  readonly transfer: readonly TransferResult[];
  /** By seed. */
  readonly experts: readonly ExpertsResult[];
  /** The map of activation patterns with the first seed, SVG. */
  readonly map: string;
}
