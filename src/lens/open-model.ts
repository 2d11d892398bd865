/** @file Opens a checkpoint with the engine settings of a request. */
import { Model } from '../model/model';
import type { EngineSettings } from '../protocol/jobs';

const bytesPerGigabyte = 1e9;

/** @throws InputError */
export function openModel(folder: string, engine: EngineSettings): Model {
  return Model.open(folder, {
    threads: engine.threads,
    memoryBudget: engine.memory_budget * bytesPerGigabyte,
    executionProvider: engine.execution_provider,
  });
}
