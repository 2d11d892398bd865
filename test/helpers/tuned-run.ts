/** @file Run folders with nothing in them but their record, for tests that put weights there. */
import { modelIdentity } from '../../src/lens/inspect';
import { RunFolder } from '../../src/lens/run-folder';
import type { Checkpoint } from '../../src/model/checkpoint/checkpoint';
import { SCHEMA_VERSION } from '../../src/protocol/artifacts';

/** A finished run of a checkpoint. */
export function writeRun(folder: string, checkpoint: Checkpoint, job = 'finetune'): RunFolder {
  const run = RunFolder.create(folder);
  run.writeRecord({
    ...{ schema_version: SCHEMA_VERSION, job, status: 'done', created: '2026-11-22T00:00:00.000Z' },
    ...{ settings: {}, datasets: [], timings: {}, memory: {}, results: {} },
    model: modelIdentity(checkpoint),
    engine: {
      ...{ router_lens: '0', onnxruntime: '0', node: '0' },
      ...{ execution_provider: 'cpu', threads: 1, memory_mode: 'resident' },
    },
  });
  return run;
}
