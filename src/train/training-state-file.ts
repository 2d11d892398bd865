/** @file The state of a training run on disk: one safetensors file, so that it is whole or absent. */
import { existsSync } from 'node:fs';

import * as v from 'valibot';

import { InputError } from '../common/errors';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import { writeSafetensors } from '../model/checkpoint/safetensors-writer';
import type { NamedArrays } from './adamw';
import type { TrainingState } from './training-loop';

/** Groups of arrays in the file: each name is prefixed with its group. */
const groups = ['parameters', 'first_moments', 'second_moments', 'best'] as const;
type Group = (typeof groups)[number];

const number = v.pipe(v.string(), v.transform(Number), v.finite());
const MetadataSchema = v.object({
  step: number,
  updates: number,
  best_step: v.optional(number),
  best_loss: v.optional(number),
});

export function writeTrainingState(file: string, { step, parameters, optimiser, best }: TrainingState): void {
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
    // A double's shortest text reads back as the same double.
    ...(best ? { best_step: String(best.step), best_loss: String(best.loss) } : {}),
  });
}

/** undefined if the run was interrupted before the first state was written. @throws InputError if it is damaged */
export function readTrainingState(file: string): TrainingState | undefined {
  if (!existsSync(file)) return undefined;
  const stored = SafetensorsFile.open(file);
  const metadata = v.safeParse(MetadataSchema, stored.metadata);
  if (!metadata.success) throw new InputError(`${file}: is not a training state. Start the run anew.`);
  const { step, updates, best_step, best_loss } = metadata.output;
  const read = (group: Group): Map<string, Float32Array> =>
    new Map(
      [...stored.tensors.keys()]
        .filter(name => name.startsWith(`${group}/`))
        .map(name => [name.slice(group.length + 1), stored.readFloat32(name)]),
    );
  return {
    step,
    parameters: read('parameters'),
    optimiser: { updates, firstMoments: read('first_moments'), secondMoments: read('second_moments') },
    ...(best_step !== undefined && best_loss !== undefined
      ? { best: { step: best_step, loss: best_loss, parameters: read('best') } }
      : {}),
  };
}
