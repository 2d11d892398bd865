/** @file Tuned routers on disk, under their Hugging Face names. */
import { InputError } from '../common/errors';
import type { HostTensor } from '../engine/session';
import { mixtureOf, type WeightReference } from '../model/architecture';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import { writeSafetensors } from '../model/checkpoint/safetensors-writer';
import { routerTensors } from '../model/layers/router';
import type { Model, Routers } from '../model/model';

/** Writes float32 routers, so that nothing of the tuning is lost to rounding. */
export function writeRouters(file: string, model: Model, routers: Routers): void {
  writeSafetensors(
    file,
    [...routers].flatMap(([layer, feeds]) =>
      [...routerTensors(mixtureOf(model.architecture, layer))].map(([feed, { name, shape }]) => ({
        name,
        dtype: 'F32' as const,
        shape,
        data: feeds[feed].data,
      })),
    ),
    { format: 'pt' },
  );
}

/** Reads routers for `model`. @throws InputError if the file holds those of another model */
export function readRouters(file: string, model: Model): Routers {
  const stored = SafetensorsFile.open(file);
  return new Map(
    model.moeLayers.map(layer => {
      const tensors = [...routerTensors(mixtureOf(model.architecture, layer))];
      return [layer, Object.fromEntries(tensors.map(([feed, weight]) => [feed, read(stored, weight)]))];
    }),
  );
}

function read(stored: SafetensorsFile, { name, shape }: WeightReference): HostTensor {
  if (stored.tensors.get(name)?.shape.join() !== shape.join()) {
    throw new InputError(
      `${stored.file}: no router "${name}" of shape [${shape.join(', ')}]. The run belongs to another model.`,
    );
  }
  return { data: stored.readFloat32(name), shape };
}
