/** @file The state of a training run on disk: one safetensors file, so that it is whole or absent. */
import { existsSync } from 'node:fs';

import * as v from 'valibot';

import { InputError } from '../common/errors';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import { writeSafetensors } from '../model/checkpoint/safetensors-writer';
import type { NamedArrays } from './adamw';
import type { DevScores, ResumedState, TrainingState } from './training-loop';

/** Groups of arrays in the file: each name is prefixed with its group. */
const groups = ['parameters', 'first_moments', 'second_moments', 'best'] as const;
type Group = (typeof groups)[number];

const number = v.pipe(v.string(), v.transform(Number), v.finite());
const MetadataSchema = v.object({
  step: number,
  updates: number,
  seconds: v.optional(number, '0'),
  best_step: v.optional(number),
  best_loss: v.optional(number),
  best_em: v.optional(number),
  best_f1: v.optional(number),
});

/** @param seconds that the training has taken so far */
export function writeTrainingState(
  file: string,
  { step, parameters, optimiser, best }: TrainingState,
  seconds: number,
): void {
  const arrays: Partial<Record<Group, NamedArrays>> = {
    parameters,
    first_moments: optimiser.firstMoments,
    second_moments: optimiser.secondMoments,
    ...(best ? { best: best.parameters } : {}),
  };
  const tensors = groups.flatMap(group =>
    [...(arrays[group] ?? [])].map(([name, data]) => ({
      name: `${group}/${name}`,
      dtype: 'F32' as const,
      shape: [data.length],
      data,
    })),
  );
  writeSafetensors(file, tensors, {
    step: String(step),
    updates: String(optimiser.updates),
    seconds: String(seconds),
    ...(best ? { best_step: String(best.step), ...scoresAsText(best.scores) } : {}),
  });
}

/** A double's shortest text reads back as the same double. */
function scoresAsText({ loss, em, f1 }: DevScores): Record<string, string> {
  return {
    best_loss: String(loss),
    ...(em === undefined ? {} : { best_em: String(em) }),
    ...(f1 === undefined ? {} : { best_f1: String(f1) }),
  };
}

/** A state read back; its parameters are read when they are asked for. */
export interface StoredTrainingState extends ResumedState {
  /** Seconds that the training had taken. */
  readonly seconds: number;
}

/** undefined if the run was interrupted before the first state was written. @throws InputError if it is damaged */
export function readTrainingState(file: string): StoredTrainingState | undefined {
  if (!existsSync(file)) return undefined;
  const stored = SafetensorsFile.open(file);
  const metadata = v.safeParse(MetadataSchema, stored.metadata);
  if (!metadata.success) throw new InputError(`${file}: is not a training state. Start the run anew.`);
  const { step, updates, seconds, best_step, best_loss, best_em, best_f1 } = metadata.output;
  const read = (group: Group): Map<string, Float32Array> =>
    new Map(
      [...stored.tensors.keys()]
        .filter(name => name.startsWith(`${group}/`))
        .map(name => [name.slice(group.length + 1), stored.readFloat32(name)]),
    );
  const parameter = (name: string): Float32Array | undefined =>
    stored.tensors.has(`parameters/${name}`) ? stored.readFloat32(`parameters/${name}`) : undefined;
  const scores = best_loss === undefined ? undefined : { loss: best_loss, em: best_em, f1: best_f1 };
  return {
    step,
    seconds,
    parameters: { get: parameter },
    optimiser: { updates, firstMoments: read('first_moments'), secondMoments: read('second_moments') },
    ...(best_step !== undefined && scores
      ? { best: { step: best_step, scores, parameters: read('best') } }
      : {}),
  };
}
