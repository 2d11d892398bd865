/** @file A model as it is evaluated: the checkpoint as it is, or with what a run made of it. */
import path from 'node:path';

import { InputError } from '../common/errors';
import type { Model, PassOptions } from '../model/model';
import { runFiles, type RunRecord } from '../protocol/artifacts';
import { RunFolder } from './run-folder';
import { readRouters } from './trained-routers';

export interface Variant {
  readonly name: string;
  readonly model: Model;
  readonly pass: Pick<PassOptions, 'routers' | 'mask'>;
}

export function baseVariant(model: Model): Variant {
  return { name: 'base', model, pass: {} };
}

/**
 * The model with the weights of a run.
 * @throws InputError if the folder holds no finished run of this model
 */
export function tunedVariant(run: string, model: Model): Variant {
  const folder = openRunOf(run, model);
  const name = variantName(folder.record());
  return { name, model, pass: { routers: readRouters(folder.file(runFiles.routers), model) } };
}

/** What a run made of the model, as tables and pictures call it. */
export function variantName({ job }: RunRecord): string {
  return job === 'identify' ? 'router-tuned' : job;
}

/** Names of what runs made of the model; those that are the same are told apart by the folders. */
export function variantNames(runs: readonly string[], model: Model): string[] {
  const names = runs.map(run => variantName(openRunOf(run, model).record()));
  const folders = shortNames(runs);
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${folders[i]})`,
  );
}

/** @throws InputError if the folder holds no run, or one of another model */
export function openRunOf(run: string, model: Model): RunFolder {
  const folder = RunFolder.open(run);
  const { name, config_sha256, weights_sha256 } = folder.record().model;
  const { config, files } = model.checkpoint;
  if (config_sha256 !== config.sha256 || weights_sha256 !== files.weightsSha256) {
    throw new InputError(
      `${run}: is a run of another model (${name}). Give a run of ${model.checkpoint.name}.`,
    );
  }
  return folder;
}

/** Short names for files or folders: the last part of each path, with as many more as tell them apart. */
export function shortNames(paths: readonly string[]): string[] {
  const parts = paths.map(file =>
    path
      .resolve(file)
      .replace(/\.jsonl?$/, '')
      .split(/[\\/]/)
      .filter(Boolean),
  );
  return parts.map((own, i) => {
    const nameOf = (all: readonly string[], length: number): string => all.slice(-length).join('/');
    for (let length = 1; length < own.length; length++) {
      const name = nameOf(own, length);
      if (!parts.some((other, j) => j !== i && nameOf(other, length) === name)) return name;
    }
    return own.join('/');
  });
}
