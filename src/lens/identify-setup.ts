/** @file What the main job starts from: its samples, its phases, and the record of its run. */
import * as v from 'valibot';

import { InputError } from '../common/errors';
import { Random } from '../common/random';
import type { Model } from '../model/model';
import { type DatasetIdentity, type RunRecord, SCHEMA_VERSION } from '../protocol/artifacts';
import { type IdentifyRequest, IdentifyRequestSchema } from '../protocol/jobs';
import { maximumStatisticsSamples } from './activation-statistics';
import { type Dataset, type LazyTokenizer, loadDataset, type LoadedSample } from './dataset';
import { engineRecord } from './engine-record';
import { modelIdentity } from './inspect';
import { RunFolder } from './run-folder';

export const phases = {
  baseAnswers: 'Answers before tuning',
  baseRouting: 'Routing before tuning',
  tuning: 'Router tuning',
  tunedRouting: 'Routing after tuning',
  tunedAnswers: 'Answers after tuning',
} as const;

export interface IdentifyData {
  readonly train: Dataset;
  readonly dev?: Dataset;
  readonly test?: Dataset;
}

/** @throws InputError if a file is not a dataset or nothing of it fits */
export function loadData(
  { train, dev, test, training, ...request }: IdentifyRequest,
  tokenizer: LazyTokenizer,
): IdentifyData {
  const { max_seq_length: maxLength, seed } = training;
  const load = (split: string, file: string, limit?: number): Dataset =>
    loadDataset(split, file, tokenizer, { limit, maxLength, seed });
  return {
    train: load('train', train, request.limit_train),
    ...(dev === undefined ? {} : { dev: load('dev', dev, request.limit_dev) }),
    ...(test === undefined ? {} : { test: load('test', test, request.limit_test) }),
  };
}

/** The training samples that the statistics are taken over. */
export function statisticsSamples(samples: readonly LoadedSample[], seed: number): readonly LoadedSample[] {
  if (samples.length <= maximumStatisticsSamples) return samples;
  return new Random(seed).shuffled(samples).slice(0, maximumStatisticsSamples);
}

/** `run.json` of a job that has just begun. */
export function startRecord(request: IdentifyRequest, model: Model, data: IdentifyData): RunRecord {
  const { k, limit_train, limit_dev, limit_test, training, engine } = request;
  return {
    schema_version: SCHEMA_VERSION,
    job: 'identify',
    status: 'running',
    created: new Date().toISOString(),
    settings: { k, limit_train, limit_dev, limit_test, ...training, ...engine },
    model: modelIdentity(model.checkpoint),
    datasets: [data.train, data.dev, data.test].flatMap((dataset): DatasetIdentity[] =>
      dataset ? [dataset.identity] : [],
    ),
    engine: engineRecord(model),
    timings: {},
    memory: {},
    results: {},
  };
}

/**
 * The request of an interrupted run, read from its `run.json`. Nothing may have changed: not the model, not the data.
 * @throws InputError if the folder holds no run that can go on
 */
export function resumedRequest(folder: string, model: string): IdentifyRequest {
  const record = RunFolder.open(folder).record();
  if (record.job !== 'identify' || record.status === 'done') {
    throw new InputError(
      `${folder}: is a run of "${record.job}" that is ${record.status}; nothing is left to do.`,
    );
  }
  const file = (split: string): string | undefined =>
    record.datasets.find(dataset => dataset.split === split)?.path;
  const { k, limit_train, limit_dev, limit_test, ...others } = record.settings;
  const { threads, memory_budget, ...training } = others;
  // What `auto` chose then: another provider would not give the same weights, bit by bit.
  const { execution_provider } = record.engine;
  const parsed = v.safeParse(IdentifyRequestSchema, {
    model,
    train: file('train'),
    dev: file('dev'),
    test: file('test'),
    k,
    limit_train,
    limit_dev,
    limit_test,
    training,
    engine: { threads, memory_budget, execution_provider },
    out: folder,
    resume: true,
  });
  if (!parsed.success) throw new InputError(`${folder}: run.json lacks settings. Start the run anew.`);
  return parsed.output;
}

/** @throws InputError if model or data are not those that the run began with */
export function checkUnchanged(before: RunRecord, now: RunRecord): void {
  const { config_sha256, weights_sha256 } = before.model;
  if (now.model.config_sha256 !== config_sha256 || now.model.weights_sha256 !== weights_sha256) {
    throw new InputError(
      `${now.model.path}: is not the checkpoint that the run began with (${before.model.path}).`,
    );
  }
  for (const { split, path, sha256 } of before.datasets) {
    if (now.datasets.find(dataset => dataset.split === split)?.sha256 !== sha256) {
      throw new InputError(`${path}: has changed since the run began. Start the run anew.`);
    }
  }
}
