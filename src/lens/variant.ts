/** @file A model as it is evaluated: the checkpoint as it is, or with what a run made of it. */
import path from 'node:path';

import { InputError } from '../common/errors';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import { adapterWeights, readAdapter } from '../model/tuned-files/adapter-folder';
import { readTunedWeights } from '../model/tuned-files/weights-file';
import { bytesOfSize, type TunedWeights } from '../model/tuned-weights';
import { type ContextDependence, type RunRecord } from '../protocol/artifacts';
import { finetuneName } from '../protocol/finetune-methods';
import { readStatistics } from './expert-list';
import { RunFolder } from './run-folder';
import { runWeights } from './run-weights';

export interface Variant {
  readonly name: string;
  readonly model: Model;
  readonly pass: Pick<PassOptions, 'mask'>;
}

export function baseVariant(model: Model): Variant {
  return { name: 'base', model, pass: {} };
}

/**
 * The model with the weights of a run.
 * @throws InputError if the folder holds no run of this model with weights
 */
export function tunedVariant(run: string, model: Model): Variant {
  const folder = openRunOf(run, model);
  const weights = readWeightsOf(folder, model);
  return { name: variantName(folder.record()), model: model.withWeights(weights), pass: {} };
}

function readWeightsOf(folder: RunFolder, { checkpoint }: Model): TunedWeights {
  const { kind, path: weights } = runWeights(folder);
  return kind === 'adapter'
    ? readAdapter(weights, checkpoint)
    : { tensors: readTunedWeights(weights, checkpoint) };
}

/**
 * Bytes of private memory that the weights of a run will take at most, before they are read.
 * @throws InputError if it has none
 */
export function tunedBytesOf(run: string): number {
  const { kind, path: weights } = runWeights(RunFolder.open(run));
  const isAdapter = kind === 'adapter';
  const { tensors } = SafetensorsFile.open(isAdapter ? adapterWeights(weights) : weights);
  let elements = 0;
  for (const { shape } of tensors.values())
    elements += shape.reduce((product, length) => product * length, 1);
  return bytesOfSize({ elements, additions: isAdapter ? tensors.size / 2 : 0 });
}

/** What a run made of the model, as tables and pictures call it. */
export function variantName({ job, settings }: Pick<RunRecord, 'job' | 'settings'>): string {
  if (job === 'identify') return 'router-tuned';
  return (job === 'finetune' ? finetuneName(settings) : undefined) ?? job;
}

/** Names of what runs made of the model; those that are the same are told apart by the folders. */
export function variantNames(runs: readonly string[], model: Model): string[] {
  const names = runs.map(run => variantName(openRunOf(run, model).record()));
  const folders = shortNames(runs);
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${folders[i]})`,
  );
}

/**
 * The experts by which a run is looked at.
 * @param file says more of them than the run; undefined: what the run has
 * @throws InputError if neither says which they are
 */
export function statisticsOf(run: string, model: Model, file: string | undefined): ContextDependence {
  if (file !== undefined) return readStatistics(file, model.architecture);
  const folder = openRunOf(run, model);
  const statistics = folder.statistics();
  if (statistics) return statistics;
  throw new InputError(
    `${run}: does not say which experts are context-faithful. Give the context-dependence.json of a run of identify (--experts).`,
  );
}

/** @throws InputError if the folder holds no run, or one of another model */
export function openRunOf(run: string, model: Pick<Model, 'checkpoint'>): RunFolder {
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
