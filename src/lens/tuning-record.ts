/** @file The record of a run that trains: begun, checked against the one that is gone on with. */
import type * as v from 'valibot';

import { InputError } from '../common/errors';
import type { Model } from '../model/model';
import { type DatasetIdentity, type RunRecord, SCHEMA_VERSION } from '../protocol/artifacts';
import type { TuningRequest } from '../protocol/jobs';
import { requestToResume } from '../protocol/resume-request';
import type { FineTuningOutcome } from '../train/fine-tuning';
import { engineRecord } from './engine-record';
import { modelIdentity } from './inspect';
import { RunFolder } from './run-folder';
import type { TuningData } from './tuning-run';

/** What is recorded of a job beside what all that train have. */
export interface OwnRecord extends Pick<RunRecord, 'experts'> {
  readonly job: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** `run.json` of a job that has just begun. */
export function startRecord(
  { limit_train, limit_dev, limit_test, training, engine }: TuningRequest,
  model: Model,
  data: TuningData,
  { job, settings, experts }: OwnRecord,
): RunRecord {
  return {
    schema_version: SCHEMA_VERSION,
    job,
    status: 'running',
    created: new Date().toISOString(),
    settings: { ...settings, limit_train, limit_dev, limit_test, ...training, ...engine },
    model: modelIdentity(model.checkpoint),
    datasets: [data.train, data.dev, data.test].flatMap((dataset): DatasetIdentity[] =>
      dataset ? [dataset.identity] : [],
    ),
    engine: engineRecord(model),
    timings: {},
    memory: {},
    ...(experts ? { experts } : {}),
    results: {},
  };
}

/** The results that every training has. */
export function trainingResults({
  trainableParameters,
  steps,
  bestStep,
  dev,
}: FineTuningOutcome): RunRecord['results'] {
  return {
    trainable_parameters: trainableParameters,
    steps,
    best_step: bestStep,
    ...(dev ? { dev_loss: dev.loss } : {}),
    ...(dev?.em === undefined ? {} : { dev_em: dev.em }),
  };
}

/**
 * The request of an interrupted run, read from its `run.json`. Nothing may have changed: not the model, not the data.
 * @throws InputError if the folder holds no run of this job that can go on
 */
export function resumedRequest<S extends v.GenericSchema>(
  schema: S,
  job: string,
  folder: string,
  model: string,
): v.InferOutput<S> {
  const record = RunFolder.open(folder).record();
  if (record.job !== job) {
    throw new InputError(`${folder}: is a run of "${record.job}", which "${job}" cannot go on with.`);
  }
  if (record.status === 'done') {
    throw new InputError(`${folder}: is a run of "${job}" that is done; nothing is left to do.`);
  }
  const request = requestToResume(schema, record, folder, model);
  if (!request) throw new InputError(`${folder}: run.json lacks settings. Start the run anew.`);
  return request;
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
