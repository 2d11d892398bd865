/** @file Tuned routers on disk, under their Hugging Face names. */
import { InputError } from '../common/errors';
import { mixtureOf } from '../model/architecture';
import { routerTensors } from '../model/layers/router';
import type { Model, Routers } from '../model/model';
import { readTunedWeights, writeTunedWeights } from '../model/tuned-files/weights-file';

/** Writes float32 routers, so that nothing of the tuning is lost to rounding. */
export function writeRouters(file: string, model: Model, routers: Routers): void {
  const weights = [...routers].flatMap(([layer, feeds]) =>
    Object.entries(feeds).map(([feed, value]) => [`layers.${layer}.${feed}`, value] as const),
  );
  writeTunedWeights(file, model.checkpoint, new Map(weights), 'F32');
}

/** Reads routers for `model`. @throws InputError if the file holds those of another model */
export function readRouters(file: string, model: Model): Routers {
  const weights = readTunedWeights(file, model.checkpoint);
  return new Map(
    model.moeLayers.map(layer => {
      const feeds = [...routerTensors(mixtureOf(model.architecture, layer))].map(([feed, { name }]) => {
        const value = weights.get(`layers.${layer}.${feed}`);
        if (!value) throw new InputError(`${file}: no router "${name}". The run belongs to another model.`);
        return [feed, value] as const;
      });
      return [layer, Object.fromEntries(feeds)];
    }),
  );
}
