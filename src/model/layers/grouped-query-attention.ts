/** @file Queries, keys and values of multi-head and grouped-query attention. */
import type { FloatTensor } from '../../engine/graph';
import { clip } from '../../engine/operators/elementwise';
import { rootMeanSquareNorm, rotatePairs } from '../../engine/operators/fused';
import { reshape } from '../../engine/operators/shaping';
import type { GroupedQueryAttention, Projection, WeightReference } from '../architecture';
import type { AttentionInput, AttentionVectors, BatchInputs } from './attend';
import { project } from './projection';
import type { LoadWeight } from './weights';

/** @returns queries [rows, heads, head size], keys and values [tokens, heads, head size] */
export function groupedQueries(
  x: AttentionInput,
  architecture: GroupedQueryAttention,
  { queryAngles, keyAngles }: Pick<BatchInputs, 'queryAngles' | 'keyAngles'>,
  load: LoadWeight,
  normEpsilon: number,
): AttentionVectors {
  const { heads, keyValueHeads, headSize, norms, clip: limit } = architecture;
  const worthSaving: FloatTensor[] = [];
  const normalise = (
    vectors: FloatTensor,
    of: 'vector' | 'head',
    norm: WeightReference | undefined,
  ): FloatTensor => {
    if (!norm || norms?.of !== of) return vectors;
    const { output, inverse } = rootMeanSquareNorm(vectors, load(norm), normEpsilon);
    worthSaving.push(vectors, inverse);
    return output;
  };
  const byHead = (
    x: FloatTensor,
    projection: Projection,
    count: number,
    norm?: WeightReference,
  ): FloatTensor => {
    const normalised = normalise(project(x, projection, load), 'vector', norm);
    const limited = limit === undefined ? normalised : clip(normalised, -limit, limit);
    return normalise(reshape(limited, [x.shape[0], count, headSize]), 'head', norm);
  };
  return {
    query: rotatePairs(byHead(x.rows, architecture.query, heads, norms?.query), queryAngles, 'halves'),
    key: rotatePairs(byHead(x.tokens, architecture.key, keyValueHeads, norms?.key), keyAngles, 'halves'),
    value: byHead(x.tokens, architecture.value, keyValueHeads),
    worthSaving,
  };
}
