/** @file Queries, keys and values of multi-head and grouped-query attention. */
import type { FloatTensor } from '../../engine/graph';
import { clip } from '../../engine/operators/elementwise';
import { reshape } from '../../engine/operators/shaping';
import type { GroupedQueryAttention, Projection, WeightReference } from '../architecture';
import { project } from './projection';
import { rmsNorm } from './rms-norm';
import { type RotaryAngles, rotate } from './rotary';
import type { LoadWeight } from './weights';

/** @param x [tokens, hidden] @returns each [tokens, heads, head size] */
export function groupedQueries(
  x: FloatTensor,
  architecture: GroupedQueryAttention,
  angles: RotaryAngles,
  load: LoadWeight,
  normEpsilon: number,
): Record<'query' | 'key' | 'value', FloatTensor> {
  const { heads, keyValueHeads, headSize, norms, clip: limit } = architecture;
  const normalise = (vectors: FloatTensor, of: 'vector' | 'head', norm?: WeightReference): FloatTensor =>
    norm && norms?.of === of ? rmsNorm(vectors, load(norm), normEpsilon) : vectors;
  const byHead = (projection: Projection, count: number, norm?: WeightReference): FloatTensor => {
    const normalised = normalise(project(x, projection, load), 'vector', norm);
    const limited = limit === undefined ? normalised : clip(normalised, -limit, limit);
    return normalise(reshape(limited, ['tokens', count, headSize]), 'head', norm);
  };
  return {
    query: rotate(byHead(architecture.query, heads, norms?.query), angles),
    key: rotate(byHead(architecture.key, keyValueHeads, norms?.key), angles),
    value: byHead(architecture.value, keyValueHeads),
  };
}
