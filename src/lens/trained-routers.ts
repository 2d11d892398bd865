/** @file Tuned routers on disk, under their Hugging Face names. */
import { InputError } from '../common/errors';
import { SafetensorsFile } from '../model/checkpoint/safetensors-file';
import { writeSafetensors } from '../model/checkpoint/safetensors-writer';
import { routerFeeds } from '../model/layers/decoder-layer';
import type { Model, Routers } from '../model/model';

/** Writes float32 routers, so that nothing of the tuning is lost to rounding. */
export function writeRouters(file: string, model: Model, routers: Routers): void {
  writeSafetensors(
    file,
    [...routers].map(([layer, { [routerFeeds.weight]: weight }]) => ({
      name: model.architecture.layers[layer].feedForward.router.name,
      dtype: 'F32' as const,
      shape: weight.shape,
      data: weight.data,
    })),
    { format: 'pt' },
  );
}

/** Reads routers for `model`. @throws InputError if the file holds those of another model */
export function readRouters(file: string, model: Model): Routers {
  const stored = SafetensorsFile.open(file);
  return new Map(
    model.moeLayers.map(layer => {
      const { name, shape } = model.architecture.layers[layer].feedForward.router;
      const entry = stored.tensors.get(name);
      if (entry?.shape.join() !== shape.join()) {
        throw new InputError(
          `${file}: no router "${name}" of shape [${shape.join(', ')}]. The run belongs to another model.`,
        );
      }
      return [layer, { [routerFeeds.weight]: { data: stored.readFloat32(name), shape } }];
    }),
  );
}
