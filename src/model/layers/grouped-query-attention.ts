/** @file Queries, keys and values of multi-head and grouped-query attention. */
import type { FloatTensor } from '../../engine/graph';
import { clip } from '../../engine/operators/elementwise';
import { reshape } from '../../engine/operators/shaping';
import type { GroupedQueryAttention, Projection, WeightReference } from '../architecture';
import type { AttentionInput, BatchInputs } from './attend';
import { project } from './projection';
import { rmsNorm } from './rms-norm';
import { rotate } from './rotary';
import type { LoadWeight } from './weights';

/** @returns queries [rows, heads, head size], keys and values [tokens, heads, head size] */
export function groupedQueries(
  x: AttentionInput,
  architecture: GroupedQueryAttention,
  { queryAngles, keyAngles }: Pick<BatchInputs, 'queryAngles' | 'keyAngles'>,
  load: LoadWeight,
  normEpsilon: number,
): Record<'query' | 'key' | 'value', FloatTensor> {
  const { heads, keyValueHeads, headSize, norms, clip: limit } = architecture;
  const normalise = (vectors: FloatTensor, of: 'vector' | 'head', norm?: WeightReference): FloatTensor =>
    norm && norms?.of === of ? rmsNorm(vectors, load(norm), normEpsilon) : vectors;
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
    query: rotate(byHead(x.rows, architecture.query, heads, norms?.query), queryAngles),
    key: rotate(byHead(x.tokens, architecture.key, keyValueHeads, norms?.key), keyAngles),
    value: byHead(x.tokens, architecture.value, keyValueHeads),
  };
}
