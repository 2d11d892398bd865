/** @file The attention of a layer: queries, keys and values by its kind, then attention and the output projection. */
import type { FloatTensor } from '../../engine/graph';
import type { AttentionArchitecture } from '../architecture';
import { attend, type Attended, type AttentionInput, type BatchInputs } from './attend';
import { groupedQueries } from './grouped-query-attention';
import { latentQueries } from './latent-attention';
import { project } from './projection';
import type { LoadWeight } from './weights';

export interface AttentionResult extends Omit<Attended, 'values'> {
  /** [rows, hidden] */
  readonly output: FloatTensor;
}

export function attention(
  x: AttentionInput,
  architecture: AttentionArchitecture,
  batch: BatchInputs,
  load: LoadWeight,
  normEpsilon: number,
): AttentionResult {
  const { scale, sinks, output } = architecture;
  const vectors =
    architecture.kind === 'latent'
      ? latentQueries(x, architecture, batch, load)
      : groupedQueries(x, architecture, batch, load, normEpsilon);
  const { values, ...attended } = attend(vectors, batch, scale, sinks && load(sinks));
  return { output: project(values, output, load), ...attended };
}
