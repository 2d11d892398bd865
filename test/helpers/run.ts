/** @file Run folders with weights, as jobs leave them, for tests of what reads them. */
import { engineRecord } from '../../src/lens/engine-record';
import { modelIdentity } from '../../src/lens/inspect';
import { RunFolder } from '../../src/lens/run-folder';
import type { Model } from '../../src/model/model';
import { writeTunedWeights } from '../../src/model/tuned-files/weights-file';
import { readWeights } from '../../src/model/weight-values';
import { runFiles, type RunRecord, SCHEMA_VERSION } from '../../src/protocol/artifacts';
import { routerNames } from '../../src/train/trainable-names';

/** The record of a run that is done. */
export function runRecord(model: Model, some: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ schema_version: SCHEMA_VERSION, job: 'identify', status: 'done' as const, created: '' },
    ...{ settings: {}, datasets: [], timings: {}, memory: {}, results: {} },
    model: modelIdentity(model.checkpoint),
    engine: engineRecord(model),
    ...some,
  };
}

/** A run of `identify` whose routers are those of the checkpoint, times `factor`. */
export function writeRouterRun(path: string, model: Model, factor = 1): RunFolder {
  const folder = RunFolder.create(path);
  folder.writeRecord(runRecord(model));
  const names = routerNames(model.architecture, { bias: true });
  const weights = readWeights(model.checkpoint, names);
  for (const { data } of weights.values()) {
    const values = data as Float32Array;
    for (let i = 0; i < values.length; i++) values[i] *= factor;
  }
  writeTunedWeights(folder.file(runFiles.routers), model.checkpoint, weights, 'F32');
  return folder;
}
