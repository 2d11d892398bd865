/** @file Where a run keeps the weights that it tuned. */
import { existsSync } from 'node:fs';

import { InputError } from '../common/errors';
import { runFiles } from '../protocol/artifacts';
import type { RunFolder } from './run-folder';

export interface RunWeights {
  /** The folder of an adapter, or a file of weights. */
  readonly kind: 'adapter' | 'weights';
  readonly path: string;
}

/** @throws InputError if the run has none */
export function runWeights(folder: RunFolder): RunWeights {
  const names = [runFiles.adapter, runFiles.routers, runFiles.experts, runFiles.weights];
  const name = names.find(candidate => existsSync(folder.file(candidate)));
  if (name !== undefined)
    return { kind: name === runFiles.adapter ? 'adapter' : 'weights', path: folder.file(name) };
  const { job, status } = folder.record();
  throw new InputError(
    `${folder.path}: the run ("${job}", ${status}) has no tuned weights. Give a run of identify or finetune that is done.`,
  );
}
