/** @file Queries, keys and values of multi-head latent attention (DeepSeek-V2). */
import { multiply } from '../../engine/operators/elementwise';
import { rootMeanSquareNorm, rotatePairs } from '../../engine/operators/fused';
import { concat, reshape, slice } from '../../engine/operators/shaping';
import type { LatentAttention } from '../architecture';
import type { AttentionInput, AttentionVectors, BatchInputs } from './attend';
import { project } from './projection';
import type { LoadWeight } from './weights';

/** @returns queries [rows, heads, size], keys and values [tokens, heads, size] */
export function latentQueries(
  x: AttentionInput,
  architecture: LatentAttention,
  { queryAngles, keyAngles }: Pick<BatchInputs, 'queryAngles' | 'keyAngles'>,
  load: LoadWeight,
): AttentionVectors {
  const { heads, plainSize, rotatedSize, valueSize, latentSize } = architecture;
  const keySize = plainSize + rotatedSize;
  const query = reshape(project(x.rows, architecture.query, load), [x.rows.shape[0], heads, keySize]);

  const compressed = project(x.tokens, architecture.compress, load);
  const { output: latent, inverse } = rootMeanSquareNorm(
    slice(compressed, 1, 0, latentSize),
    load(architecture.latentNorm),
    architecture.latentNormEpsilon,
  );
  const sharedKey = reshape(slice(compressed, 1, latentSize, latentSize + rotatedSize), [
    'tokens',
    1,
    rotatedSize,
  ]);
  const everyHead = compressed.graph.float(new Array<number>(heads).fill(1), [1, heads, 1]);
  const expanded = reshape(project(latent, architecture.expand, load), [
    'tokens',
    heads,
    plainSize + valueSize,
  ]);
  return {
    query: concat(
      [
        slice(query, 2, 0, plainSize),
        rotatePairs(slice(query, 2, plainSize, keySize), queryAngles, 'neighbours'),
      ],
      2,
    ),
    key: concat(
      [
        slice(expanded, 2, 0, plainSize),
        multiply(rotatePairs(sharedKey, keyAngles, 'neighbours'), everyHead),
      ],
      2,
    ),
    value: slice(expanded, 2, plainSize, plainSize + valueSize),
    worthSaving: [compressed, inverse],
  };
}
