/**
 * @file A LoRA in the layout of PEFT: `adapter_config.json` and `adapter_model.safetensors`. Experts that the checkpoint
 * holds in one tensor a layer are "target parameters" of PEFT, whose factors are those of all experts, zeros included.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { writeFileAtomically, writeJsonAtomically } from '../../common/atomic-file';
import { InputError } from '../../common/errors';
import type { HostTensor } from '../../engine/session';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { fromFloat32 } from '../checkpoint/float-types';
import { SafetensorsFile } from '../checkpoint/safetensors-file';
import { safetensorsChunks, type StreamedTensor } from '../checkpoint/safetensors-writer';
import { checkTunedWeights, type TunedWeights } from '../tuned-weights';
import { lowRankNames } from '../weight-names';
import { adapterConfig, type AdapterSettings, readAdapterConfig } from './adapter-config';
import {
  type AdapterLayout,
  adapterLayouts,
  type AdapterPlace,
  adapterPlaces,
  isOneExpert,
} from './adapter-places';
import { stackedA, stackedB, stackShapes, unstackedFactors } from './factor-stack';
import { metadata } from './weights-file';

const files = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' };

/** The file of an adapter that holds its tensors. */
export function adapterWeights(folder: string): string {
  return path.join(folder, files.weights);
}

type Factors = ReadonlyMap<string, HostTensor>;

/**
 * Writes low-rank additions to weights of the checkpoint, in float32.
 * @param tensors by canonical name, `….lora_A` [rank, in] and `….lora_B` [out, rank]
 * @throws InputError if they do not fit the checkpoint's weights
 */
export function writeAdapter(
  folder: string,
  checkpoint: Checkpoint,
  tensors: Factors,
  settings: AdapterSettings,
  layout: AdapterLayout = 'transformers4',
): void {
  const { rank, alpha, dropout } = settings;
  checkTunedWeights(checkpoint.architecture, { tensors, adapter: { rank, scale: alpha / rank, dropout } });
  const places = placesToWrite(adapterPlaces(checkpoint.architecture, layout), tensors, layout);
  const written = places.flatMap(place => streamedFactors(place, rank, tensors));
  mkdirSync(folder, { recursive: true });
  writeFileAtomically(path.join(folder, files.weights), safetensorsChunks(written, metadata));
  writeJsonAtomically(path.join(folder, files.config), adapterConfig(settings, places, layout));
}

function placesToWrite(
  places: readonly AdapterPlace[],
  tensors: Factors,
  layout: AdapterLayout,
): AdapterPlace[] {
  const hasFactors = ({ stack }: AdapterPlace): boolean =>
    stack.members.some(({ name }) => lowRankNames(name).some(factor => tensors.has(factor)));
  const withFactors = places.filter(hasFactors);
  const modules = new Set(withFactors.map(({ module }) => module));
  const allExperts = layout === 'transformers5' && withFactors.some(isOneExpert);
  return places.filter(place => modules.has(place.module) || (allExperts && isOneExpert(place)));
}

function streamedFactors({ prefix, stack }: AdapterPlace, rank: number, tensors: Factors): StreamedTensor[] {
  const [shapeA, shapeB] = stackShapes(stack, rank);
  const streamed = (factor: string, shape: number[], values: () => Float32Array): StreamedTensor => ({
    name: tensorName(prefix, factor),
    dtype: 'F32',
    shape,
    pieces: () => [fromFloat32('F32', values())],
  });
  return [
    streamed('lora_A', shapeA, () => stackedA(stack, rank, tensors)),
    streamed('lora_B', shapeB, () => stackedB(stack, rank, tensors)),
  ];
}

function tensorName(prefix: string, factor: string): string {
  return `${prefix}.${factor}.weight`;
}

/**
 * Reads an adapter, in any of the layouts that {@link writeAdapter} knows. Additions whose factors are all zero are left
 * out: they only fill a place.
 * @throws InputError if it is none, or one for another model
 */
export function readAdapter(folder: string, checkpoint: Checkpoint): TunedWeights {
  const { rank, alpha } = readAdapterSettings(folder);
  const stored = SafetensorsFile.open(path.join(folder, files.weights));
  const places = new Map(
    adapterLayouts
      .flatMap(layout => adapterPlaces(checkpoint.architecture, layout))
      .map(place => [place.prefix, place]),
  );
  const tensors = new Map<string, HostTensor>();
  const prefixes = Array.from(stored.tensors.keys(), name => name.replace(/\.lora_[AB]\.weight$/, ''));
  for (const prefix of new Set(prefixes)) {
    const place = places.get(prefix);
    if (!place) {
      throw new InputError(
        `${stored.file}: "${prefix}" is nothing of the model that has additions. The adapter belongs to another model.`,
      );
    }
    for (const pair of readFactors(stored, place, rank)) {
      if (pair.some(([, { data }]) => data.some(value => value !== 0)))
        for (const [name, factor] of pair) tensors.set(name, factor);
    }
  }
  return { tensors, adapter: { rank, scale: alpha / rank, dropout: 0 } };
}

/** What an adapter was trained with. @throws InputError if it is none that can be read */
export function readAdapterSettings(folder: string): AdapterSettings {
  return readAdapterConfig(path.join(folder, files.config));
}

function readFactors(
  stored: SafetensorsFile,
  { prefix, stack }: AdapterPlace,
  rank: number,
): ReturnType<typeof unstackedFactors> {
  const [shapeA, shapeB] = stackShapes(stack, rank);
  const read = (factor: string, shape: number[]): Float32Array => {
    const name = tensorName(prefix, factor);
    const found = stored.tensors.get(name)?.shape;
    if (found?.join() !== shape.join()) {
      throw new InputError(
        `${stored.file}: tensor "${name}" ${found ? `has shape [${found.join(', ')}]` : 'is missing'}, the model and rank ${rank} ask for [${shape.join(', ')}]. The adapter belongs to another model, or is damaged.`,
      );
    }
    return stored.readFloat32(name);
  };
  return unstackedFactors(stack, rank, { a: read('lora_A', shapeA), b: read('lora_B', shapeB) });
}
