/** @file Opens a checkpoint with the engine settings of a request. */
import { resolveExecutionProvider } from '../engine/execution-provider';
import { Model } from '../model/model';
import type { EngineSettings, JobHooks } from '../protocol/jobs';

const bytesPerGigabyte = 1e9;

/**
 * @param reservedBytes what the job keeps in memory beside the model's weights
 * @throws InputError
 */
export async function openModel(
  folder: string,
  engine: EngineSettings,
  { log }: JobHooks,
  reservedBytes = 0,
): Promise<Model> {
  return Model.open(folder, {
    reservedBytes,
    threads: engine.threads,
    memoryBudget: engine.memory_budget * bytesPerGigabyte,
    executionProvider: await resolveExecutionProvider(engine.execution_provider, log),
  });
}
