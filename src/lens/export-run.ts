/** @file `export`: what a run made of a model, for other programs: a complete checkpoint, or a PEFT adapter. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { InputError } from '../common/errors';
import { Checkpoint } from '../model/checkpoint/checkpoint';
import type { FloatType } from '../model/checkpoint/float-types';
import { readAdapter, readAdapterSettings, writeAdapter } from '../model/tuned-files/adapter-folder';
import { type TunedTensors, writeTunedCheckpoint } from '../model/tuned-files/checkpoint-folder';
import { mergedAdapter } from '../model/tuned-files/merged-adapter';
import { TunedWeightsFile } from '../model/tuned-files/weights-file';
import type { ExportRequest, ExportResult } from '../protocol/export';
import type { JobHooks } from '../protocol/jobs';
import { JobProgress } from './job-progress';
import { RunFolder } from './run-folder';
import { runWeights } from './run-weights';
import { openRunOf } from './variant';

const types: Record<NonNullable<ExportRequest['dtype']>, FloatType | undefined> = {
  'as-stored': undefined,
  f32: 'F32',
  bf16: 'BF16',
};

/**
 * Writes the folder `out`. If it fails or is cancelled nothing of it stays.
 * @throws InputError, CancelledError
 */
export async function exportRun(request: ExportRequest, hooks: JobHooks = {}): Promise<ExportResult> {
  const { format, out, dtype, layout } = request;
  if (format === 'peft' && dtype !== undefined)
    throw new InputError('An adapter is always float32. Leave the dtype out, or export safetensors.');
  if (format === 'safetensors' && layout !== undefined)
    throw new InputError('Only adapters have a layout. Leave it out, or export peft.');
  const checkpoint = Checkpoint.open(request.model);
  const run = openRunOf(request.run, { checkpoint });
  RunFolder.checkFree(out);
  const existed = existsSync(out);
  try {
    const tensors =
      format === 'peft'
        ? exportAdapter(request, checkpoint, run)
        : await exportCheckpoint(request, checkpoint, run, hooks);
    const files = readdirSync(out).sort();
    const bytes = files.reduce((sum, name) => sum + statSync(path.join(out, name)).size, 0);
    return { out, format, files, bytes, tensors };
  } catch (error) {
    if (existed) for (const name of readdirSync(out)) rmSync(path.join(out, name));
    else rmSync(out, { recursive: true, force: true });
    throw error;
  }
}

/** @returns how many stored tensors have additions */
function exportAdapter(
  { out, layout = 'transformers4' }: ExportRequest,
  checkpoint: Checkpoint,
  run: RunFolder,
): number {
  const { kind, path: folder } = runWeights(run);
  if (kind !== 'adapter') {
    throw new InputError(
      `${run.path}: has no adapter: its weights were trained themselves, or merged. Export safetensors instead, or fine-tune with LoRA.`,
    );
  }
  const tuned = readAdapter(folder, checkpoint);
  writeAdapter(out, checkpoint, tuned.tensors, readAdapterSettings(folder), layout);
  return mergedAdapter(checkpoint, tuned).tensors.length;
}

/** @returns how many stored tensors hold tuned weights */
async function exportCheckpoint(
  { out, dtype = 'as-stored' }: ExportRequest,
  checkpoint: Checkpoint,
  run: RunFolder,
  hooks: JobHooks,
): Promise<number> {
  const tuned = tunedTensors(checkpoint, run);
  const phase = 'Checkpoint';
  const progress = new JobProgress([{ name: phase, work: 1 }], hooks);
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  await progress.time(phase, () =>
    writeTunedCheckpoint(out, checkpoint, tuned, {
      type: types[dtype],
      signal: hooks.signal,
      onProgress: (written, total) =>
        progress.report(phase, written / total, `${gigabytes(written)} of ${gigabytes(total)} GB`),
    }),
  );
  return tuned.tensors.length;
}

/** @throws InputError if the run has no weights */
function tunedTensors(checkpoint: Checkpoint, run: RunFolder): TunedTensors {
  const { kind, path: weights } = runWeights(run);
  return kind === 'adapter'
    ? mergedAdapter(checkpoint, readAdapter(weights, checkpoint))
    : TunedWeightsFile.open(weights, checkpoint);
}
