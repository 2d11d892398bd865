/** @file Rotary embeddings by `config.json`: both spellings, plain and YaRN. */
import * as v from 'valibot';

import type { RotaryEmbedding } from '../architecture';

const positive = v.pipe(v.number(), v.gtValue(0));

const scalingFields = {
  type: v.nullish(v.string()),
  rope_type: v.nullish(v.string()),
  factor: v.nullish(v.pipe(v.number(), v.minValue(1))),
  original_max_position_embeddings: v.nullish(positive),
  beta_fast: v.nullish(positive),
  beta_slow: v.nullish(positive),
  truncate: v.nullish(v.boolean()),
  attention_factor: v.nullish(positive),
  mscale: v.nullish(v.number()),
  mscale_all_dim: v.nullish(v.number()),
};
const scalingSchema = v.object(scalingFields);
type Scaling = v.InferOutput<typeof scalingSchema>;

/** `rope_theta` and `rope_scaling` (transformers 4), or `rope_parameters` (transformers 5). */
export const ropeConfig = {
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(scalingSchema),
  rope_parameters: v.nullish(v.object({ ...scalingFields, rope_theta: v.nullish(positive) })),
};

interface RopeConfig extends v.InferOutput<v.ObjectSchema<typeof ropeConfig, undefined>> {
  readonly max_position_embeddings: number;
}

/**
 * Inverse frequencies theta^(−2i / size), scaled by YaRN if the configuration says so.
 * @param size rotated dimensions of a head, even
 * @throws Error if the configuration asks for another scaling
 */
export function rotaryEmbedding(c: RopeConfig, size: number): RotaryEmbedding {
  if (!(Number.isInteger(size) && size % 2 === 0))
    throw new Error(`${size} dimensions of a head cannot be rotated in pairs`);
  const theta = c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000;
  const plain = Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
  const yarn = yarnScaling(c);
  if (!yarn) return { inverseFrequencies: plain, factor: 1 };
  const { factor } = yarn;
  const share = interpolatedShare(yarn, c.max_position_embeddings, theta, size);
  return {
    inverseFrequencies: plain.map((value, i) => (value / factor) * share[i] + value * (1 - share[i])),
    factor: yarn.attention_factor ?? attentionFactor(yarn),
  };
}

/** Factor that `mscale_all_dim` gives the attention scores besides (DeepSeek). */
export function yarnScoreFactor(c: RopeConfig): number {
  const yarn = yarnScaling(c);
  return yarn?.mscale_all_dim ? magnitude(yarn.factor, yarn.mscale_all_dim) ** 2 : 1;
}

/** The YaRN scaling that is asked for, if one is. */
function yarnScaling(c: RopeConfig): (Scaling & { factor: number }) | undefined {
  const scaling = c.rope_parameters ?? c.rope_scaling;
  const kind = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || kind === 'default') return undefined;
  if (kind !== 'yarn')
    throw new Error(`rotary embeddings of type "${kind}" are not supported; supported are default and yarn`);
  if (!scaling.factor) throw new Error('rotary embeddings of type "yarn" need a factor');
  return { ...scaling, factor: scaling.factor };
}

/**
 * How far each frequency is interpolated (YaRN, Peng et al. 2023, "NTK-by-parts"): not at all where it turns more than
 * `beta_fast` times over the original length, fully where it turns less than `beta_slow` times.
 */
function interpolatedShare(yarn: Scaling, maxPositions: number, theta: number, size: number): number[] {
  const length = yarn.original_max_position_embeddings ?? maxPositions;
  const dimensionOf = (turns: number): number =>
    (size * Math.log(length / (2 * Math.PI * turns))) / (2 * Math.log(theta));
  const exact = [dimensionOf(yarn.beta_fast ?? 32), dimensionOf(yarn.beta_slow ?? 1)];
  const [first, last] = yarn.truncate === false ? exact : [Math.floor(exact[0]), Math.ceil(exact[1])];
  const low = Math.max(first, 0);
  const high = Math.min(last, size - 1);
  const range = high === low ? 0.001 : high - low;
  return Array.from({ length: size / 2 }, (_, i) => Math.min(1, Math.max(0, (i - low) / range)));
}

function attentionFactor({ factor, mscale, mscale_all_dim: all }: Scaling & { factor: number }): number {
  return mscale && all ? magnitude(factor, mscale) / magnitude(factor, all) : magnitude(factor, 1);
}

function magnitude(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}
