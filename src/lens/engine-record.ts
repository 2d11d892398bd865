/** @file What a job ran on, for the record of its run. */
import { runtimeVersion } from '../engine/session';
import type { Model } from '../model/model';
import type { RunRecord } from '../protocol/artifacts';
import { version } from './version';

export function engineRecord(model: Model): RunRecord['engine'] {
  return {
    router_lens: version,
    onnxruntime: runtimeVersion,
    node: process.version,
    execution_provider: model.sessionOptions.executionProvider,
    threads: model.plan.threads,
    memory_mode: model.plan.memoryMode,
  };
}
