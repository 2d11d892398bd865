/** @file What each analysis is given, and what it gives: numbers, a table, pictures. */
import type { TokenizedSample } from '../../data/tokenized-sample';
import type { Cell, Table } from '../../figures/csv';
import type { Model } from '../../model/model';
import type { AnalysisKind, AnalyzeRequestOf } from '../../protocol/analyses';
import type { AnalysisResult } from '../../protocol/analysis-results';
import type { Estimate } from '../../protocol/evaluation';
import type { JobHooks } from '../../protocol/jobs';
import type { Dataset, LazyTokenizer } from '../dataset';
import { checkMemory, largestEvaluationBatch } from '../job-estimate';
import { JobProgress } from '../job-progress';
import type { PassHooks } from './pass-hooks';

export interface AnalysisJob<K extends AnalysisKind> {
  readonly request: AnalyzeRequestOf<K>;
  readonly model: Model;
  readonly tokenizer: LazyTokenizer;
  /** In the order of the request. */
  readonly datasets: readonly Dataset[];
  /** Names the passes over samples that the analysis is made of. */
  readonly plan: (names: readonly string[]) => Passes;
}

export interface AnalysisOutcome {
  readonly result: AnalysisResult;
  readonly table: Table;
  /** SVG. */
  readonly figure: string;
  /** Further files by name. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Passes of an analysis, taken to last equally long. */
export class Passes {
  private readonly progress: JobProgress;

  constructor(
    names: readonly string[],
    private readonly hooks: JobHooks,
  ) {
    this.progress = new JobProgress(
      names.map(name => ({ name, work: 1 })),
      hooks,
    );
  }

  /** Runs one of the passes. */
  run<T>(name: string, pass: (hooks: PassHooks) => Promise<T>): Promise<T> {
    const onProgress = (done: number, total: number): void =>
      this.progress.report(name, done / total, `${done} of ${total}`);
    return this.progress.time(name, () => pass({ signal: this.hooks.signal, onProgress }));
  }

  /** Seconds by pass. */
  timings(): Record<string, number> {
    return this.progress.timings();
  }
}

/**
 * Checks that the memory budget has room for passes over these samples.
 * @param tunedBytes of the weights of runs
 * @throws InputError with the figure that would do
 */
export function checkEvaluationMemory(
  model: Model,
  samples: readonly TokenizedSample[],
  tunedBytes: number,
): void {
  const batch = largestEvaluationBatch(samples);
  // The logit lens reads off the most at once: each sample's last token, after every layer and before the first.
  const scored = batch.samples * (model.architecture.layers.length + 1);
  checkMemory(model, [{ batch, scored, trains: false, tunedBytes }]);
}

/** Columns of {@link estimateCells}. */
export const estimateColumns = ['value', 'low', 'high', 'samples'];

export function estimateCells({ value, low, high, samples }: Estimate): Cell[] {
  return [value, low, high, samples];
}

/** The only dataset of an analysis that takes one. */
export function onlyDataset({ datasets }: Pick<AnalysisJob<AnalysisKind>, 'datasets'>): Dataset {
  if (datasets.length !== 1) throw new Error(`one dataset was expected, not ${datasets.length}`);
  return datasets[0];
}

/** Why a figure shows bands and whiskers. */
export const intervalNote = '95 % bootstrap intervals';
