/** @file Run folders with weights, as jobs leave them, for tests of what reads them. */
import { modelIdentity } from '../../src/lens/inspect';
import { RunFolder } from '../../src/lens/run-folder';
import type { Checkpoint } from '../../src/model/checkpoint/checkpoint';
import type { Model } from '../../src/model/model';
import { writeTunedWeights } from '../../src/model/tuned-files/weights-file';
import { readWeights } from '../../src/model/weight-values';
import { runFiles, type RunRecord, SCHEMA_VERSION } from '../../src/protocol/artifacts';
import { routerNames } from '../../src/train/trainable-names';

/** The record of a run that is done. */
export function runRecord(
  { checkpoint }: Pick<Model, 'checkpoint'>,
  some: Partial<RunRecord> = {},
): RunRecord {
  return {
    ...{ schema_version: SCHEMA_VERSION, job: 'identify', status: 'done' as const, created: '' },
    ...{ settings: {}, datasets: [], timings: {}, memory: {}, results: {} },
    model: modelIdentity(checkpoint),
    engine: {
      ...{ router_lens: '0', onnxruntime: '0', node: '0' },
      ...{ execution_provider: 'cpu', threads: 1, memory_mode: 'resident' },
    },
    ...some,
  };
}

/** A run with nothing in its folder but the record. */
export function writeRun(path: string, checkpoint: Checkpoint, job = 'finetune'): RunFolder {
  const folder = RunFolder.create(path);
  folder.writeRecord(runRecord({ checkpoint }, { job }));
  return folder;
}

/** A run of `identify` whose routers are those of the checkpoint, times `factor`. */
export function writeRouterRun(path: string, model: Model, factor = 1): RunFolder {
  const folder = writeRun(path, model.checkpoint, 'identify');
  const names = routerNames(model.architecture, { bias: true });
  const weights = readWeights(model.checkpoint, names);
  for (const { data } of weights.values()) {
    const values = data as Float32Array;
    for (let i = 0; i < values.length; i++) values[i] *= factor;
  }
  writeTunedWeights(folder.file(runFiles.routers), model.checkpoint, weights, 'F32');
  return folder;
}
