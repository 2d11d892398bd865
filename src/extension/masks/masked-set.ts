/** @file Named sets of experts that are switched off. Plain data; what the command line takes as `--mask`. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { Random } from '../../common/random';
import { type ContextDependence, type ExpertList, ExpertListSchema } from '../../protocol/artifacts';

export const MaskedSetSchema = v.object({
  name: v.string(),
  /** Absolute path of the checkpoint that it was made for; absent: any. */
  model: v.optional(v.string()),
  experts: ExpertListSchema,
});
export type MaskedSet = v.InferOutput<typeof MaskedSetSchema>;

/** What is masked is refused by the engine if a layer keeps fewer experts than a token is sent to. */
export type Geometry = Pick<ContextDependence, 'num_experts' | 'top_k'>;

export function isMasked(set: MaskedSet | undefined, layer: number, expert: number): boolean {
  return set?.experts[layer]?.includes(expert) ?? false;
}

/** Experts of a layer are switched off, beside those that are. @throws InputError if too few are left */
export function withMasked(
  experts: ExpertList,
  layer: number,
  masked: readonly number[],
  { num_experts, top_k }: Geometry,
): ExpertList {
  const all = [...new Set([...(experts[layer] ?? []), ...masked])].sort((a, b) => a - b);
  const left = num_experts - all.length;
  if (left < top_k)
    throw new InputError(
      t(
        'Layer {0} would keep {1} of {2} experts, but each token is sent to {3}: mask fewer.',
        ...[layer, left, num_experts, top_k],
      ),
    );
  return { ...experts, [layer]: all };
}

/** Experts of a layer are used again. */
export function withoutMasked(experts: ExpertList, layer: number, unmasked: readonly number[]): ExpertList {
  const left = (experts[layer] ?? []).filter(expert => !unmasked.includes(expert));
  const others = Object.entries(experts).filter(([key]) => key !== String(layer));
  return Object.fromEntries(left.length > 0 ? [...others, [layer, left]] : others);
}

export function countMasked({ experts }: Pick<MaskedSet, 'experts'>): number {
  return Object.values(experts).reduce((sum, { length }) => sum + length, 0);
}

/** e.g. `12 experts in 6 layers`, `2 experts in layer 4` */
export function maskSize({ experts }: Pick<MaskedSet, 'experts'>): string {
  const layers = Object.keys(experts).filter(layer => experts[layer].length > 0);
  const count = countMasked({ experts });
  if (layers.length !== 1) return t('{0} experts in {1} layers', count, layers.length);
  return count === 1
    ? t('1 expert in layer {0}', layers[0])
    : t('{0} experts in layer {1}', count, layers[0]);
}

/** As many experts in each layer as `list` has, drawn with the seed as the masking analysis draws them. */
export function randomLike(list: ExpertList, numExperts: number, seed: number): ExpertList {
  const random = new Random(seed);
  const layers = Object.keys(list).map(Number);
  return Object.fromEntries(
    layers
      .sort((a, b) => a - b)
      .map(layer => {
        const all = Array.from({ length: numExperts }, (_, expert) => expert);
        const drawn = random.shuffled(all).slice(0, list[layer].length);
        return [layer, drawn.sort((a, b) => a - b)];
      }),
  );
}

/** @returns what is wrong with a name that is to be one of a file, too */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return t('A name is needed.');
  if (name.length > 60) return t('At most 60 characters.');
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(name))
    return t('Begin with a letter or number; use letters, numbers, spaces, “.”, “_”, “-”.');
  return undefined;
}
