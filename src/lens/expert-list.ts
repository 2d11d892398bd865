/** @file Lists of experts that users hand in: to mask them, or to say which are to be trained. */
import { readFileSync } from 'node:fs';

import * as v from 'valibot';

import { InputError, messageOf } from '../common/errors';
import { Random } from '../common/random';
import { type Architecture, expertCounts, mixtureOf, moeLayers } from '../model/architecture';
import type { Model } from '../model/model';
import type { ExpertMask } from '../model/pass-options';
import {
  type ContextDependence,
  ContextDependenceSchema,
  type ExpertList,
  ExpertListSchema,
} from '../protocol/artifacts';

const FileSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.union([v.object({ experts: ExpertListSchema }), ContextDependenceSchema]),
);

/**
 * Reads `{"experts": {"<layer>": [expert, …]}}`, or a run's `context-dependence.json`.
 * @throws InputError if it is neither, or names what the model does not have
 */
export function readExpertFile(
  file: string,
  architecture: Architecture,
): { readonly experts: ExpertList } | ContextDependence {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot be read (${messageOf(error)}). Check the path.`);
  }
  const parsed = v.safeParse(FileSchema, text);
  if (!parsed.success) {
    throw new InputError(
      `${file}: is not a list of experts. Give {"experts": {"<layer>": [expert, …]}} or a run's context-dependence.json.`,
    );
  }
  const content = parsed.output;
  for (const list of 'experts' in content ? [content.experts] : [content.ce, content.oe])
    checkExperts(list, architecture, file);
  return content;
}

function checkExperts(list: ExpertList, architecture: Architecture, where: string): void {
  const layers = moeLayers(architecture);
  for (const [layer, experts] of Object.entries(list)) {
    const count = layers.includes(Number(layer)) ? mixtureOf(architecture, Number(layer)).experts : 0;
    const outside = experts.find(expert => expert >= count);
    if (count === 0)
      throw new InputError(`${where}: layer ${layer} has no router. MoE layers: ${layers.join(', ')}.`);
    if (outside !== undefined)
      throw new InputError(`${where}: layer ${layer} has no expert ${outside}; it has ${count}.`);
  }
}

/**
 * Reads a `context-dependence.json`: of context-faithful experts and of original ones.
 * @throws InputError as {@link readExpertFile}, or if it is a mere list
 */
export function readStatistics(file: string, architecture: Architecture): ContextDependence {
  const content = readExpertFile(file, architecture);
  if (!('experts' in content)) return content;
  throw new InputError(
    `${file}: does not say which experts are context-faithful and which original. Give a run's context-dependence.json.`,
  );
}

/** Reads a list, or the CE of a run's `context-dependence.json`. @throws InputError as {@link readExpertFile} */
export function readExpertList(file: string, { architecture }: Pick<Model, 'architecture'>): ExpertList {
  const content = readExpertFile(file, architecture);
  return 'experts' in content ? content.experts : content.ce;
}

/**
 * Reads a list of experts that are to be switched off.
 * @throws InputError as {@link readExpertList}, or if fewer experts than a token is sent to are left in a layer
 */
export function readMask(file: string, model: Model): ExpertMask {
  return checkedMask(readExpertList(file, model), model, file);
}

/**
 * The mask that switches the listed experts off.
 * @param where the list comes from, with which messages begin
 * @throws InputError if the model has no such experts, or fewer than a token is sent to are left in a layer
 */
export function checkedMask(list: ExpertList, model: Model, where: string): ExpertMask {
  checkExperts(list, model.architecture, where);
  const mask = asMask(list);
  for (const [layer, masked] of mask) {
    const { experts, topK } = mixtureOf(model.architecture, layer);
    const left = experts - new Set(masked).size;
    if (left < topK) {
      throw new InputError(
        `${where}: layer ${layer} would keep ${left} of ${experts} experts, but each token is sent to ${topK}. Mask fewer.`,
      );
    }
  }
  return mask;
}

/** @throws InputError if lists of `k` experts a layer are asked for where layers have fewer */
export function checkListLength(k: number | undefined, architecture: Architecture): void {
  const { experts } = expertCounts(architecture);
  if (k !== undefined && k > experts)
    throw new InputError(`k is ${k}, but a layer has ${experts} experts. Give at most ${experts}.`);
}

/** For each MoE layer `k` different experts, all equally likely, ascending. Seeded. */
export function randomExperts(architecture: Architecture, k: number, seed: number): ExpertList {
  const random = new Random(seed);
  return Object.fromEntries(
    moeLayers(architecture).map(layer => {
      const all = Array.from({ length: mixtureOf(architecture, layer).experts }, (_, expert) => expert);
      return [
        String(layer),
        random
          .shuffled(all)
          .slice(0, k)
          .sort((a, b) => a - b),
      ];
    }),
  );
}

export function asMask(list: ExpertList): ExpertMask {
  return new Map(Object.entries(list).map(([layer, experts]) => [Number(layer), experts]));
}
