/** @file What jobs that train have in common: what they open, and a run folder that says how they fared. */
import { removeTemporaryFiles } from '../common/atomic-file';
import { CancelledError, InputError, messageOf } from '../common/errors';
import { PeakMemory } from '../common/peak-memory';
import { checkNotHeld, lockRun } from '../common/run-lock';
import type { Model } from '../model/model';
import type { RunRecord } from '../protocol/artifacts';
import type { JobHooks, TuningRequest } from '../protocol/jobs';
import { checkAnswered } from './analyses/answers';
import { type Dataset, LazyTokenizer, loadDataset } from './dataset';
import { openModel } from './open-model';
import { RunFolder } from './run-folder';
import { checkUnchanged, type OwnRecord, startRecord } from './tuning-record';

export interface TuningData {
  readonly train: Dataset;
  readonly dev?: Dataset;
  readonly test?: Dataset;
}

/** What a job is made of. */
export interface TuningInputs<R extends TuningRequest = TuningRequest> {
  readonly request: R;
  readonly hooks: JobHooks;
  readonly model: Model;
  readonly tokenizer: LazyTokenizer;
  readonly data: TuningData;
}

/** What a job has before its run folder is there. */
export interface OpenedTuning<R extends TuningRequest = TuningRequest> extends TuningInputs<R> {
  readonly memory: PeakMemory;
}

/** What a job has while it runs. */
export interface TuningRun<R extends TuningRequest = TuningRequest> extends OpenedTuning<R> {
  readonly folder: RunFolder;
  /** As the run was begun, and with what an interrupted one had found out. */
  readonly record: RunRecord;
}

/**
 * Opens model and data, and frees them after `work`.
 * @param reservedBytes what the job will keep in memory beside the model's weights
 * @throws InputError if the run folder is taken or held, a file is not a dataset or nothing of it fits
 */
export async function withOpenedTuning<R extends TuningRequest, T>(
  request: R,
  hooks: JobHooks,
  work: (opened: OpenedTuning<R>) => Promise<T>,
  reservedBytes = 0,
): Promise<T> {
  if (request.resume) checkNotHeld(request.out);
  else RunFolder.checkFree(request.out);
  const model = await openModel(request.model, request.engine, hooks, reservedBytes);
  const memory = new PeakMemory();
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const data = loadData(request, tokenizer);
    return await work({ request, hooks, model, memory, tokenizer, data });
  } finally {
    await memory.stop();
    await model.release();
  }
}

/**
 * Makes the run folder, or opens that of the run which is gone on with. A cancelled or failed run keeps its folder with
 * that status in `run.json`.
 */
export async function duringRun<R extends TuningRequest, T>(
  opened: OpenedTuning<R>,
  own: OwnRecord,
  work: (run: TuningRun<R>) => Promise<T>,
): Promise<T> {
  const { request, model, data } = opened;
  const folder = request.resume ? RunFolder.open(request.out) : RunFolder.create(request.out);
  const unlock = lockRun(folder.path);
  try {
    const begun = startRecord(request, model, data, own);
    const record = request.resume ? continued(folder, begun) : begun;
    folder.writeRecord(record);
    return await recorded(folder, () => work({ ...opened, folder, record }));
  } finally {
    unlock();
  }
}

/** How the work fared if it did not come to its end goes to the record. */
async function recorded<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const status = error instanceof CancelledError ? 'cancelled' : 'failed';
    // What the run has found out by now is kept.
    folder.writeRecord({ ...folder.record(), status, finished: now(), error: messageOf(error) });
    throw error;
  }
}

/** @throws InputError if model or data are not those that the run began with */
function continued(folder: RunFolder, begun: RunRecord): RunRecord {
  const before = folder.record();
  checkUnchanged(before, begun);
  removeTemporaryFiles(folder.path);
  const { created, timings, results } = before;
  return { ...begun, created, timings, results };
}

/** @throws InputError if the settings ask for answers to a dev set that cannot be scored */
export function checkSelection({ training }: TuningRequest, { dev }: TuningData): void {
  if (training.select !== 'em') return;
  if (!dev)
    throw new InputError('--select em: there is no dev set to answer. Give --dev, or select by loss.');
  checkAnswered(dev);
}

/** Peak memory so far, as it is recorded. */
export async function peakMemory({ memory }: OpenedTuning): Promise<RunRecord['memory']> {
  return { peak_resident: process.resourceUsage().maxRSS * 1024, peak_private: await memory.read() };
}

export function loadData(
  { train, dev, test, training, ...request }: TuningRequest,
  tokenizer: LazyTokenizer,
): TuningData {
  const { max_seq_length: maxLength, seed } = training;
  const load = (split: string, file: string, limit?: number): Dataset =>
    loadDataset(split, file, tokenizer, { limit, maxLength, seed });
  return {
    train: load('train', train, request.limit_train),
    ...(dev === undefined ? {} : { dev: load('dev', dev, request.limit_dev) }),
    ...(test === undefined ? {} : { test: load('test', test, request.limit_test) }),
  };
}

export function now(): string {
  return new Date().toISOString();
}
