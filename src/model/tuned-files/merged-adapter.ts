/** @file An adapter as the weights that it makes of those of the checkpoint, merged one tensor at a time. */
import type { HostTensor } from '../../engine/session';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { addLowRank } from '../low-rank';
import type { TunedWeights } from '../tuned-weights';
import { lowRankNames, weightsByTensor } from '../weight-names';
import { readWeight } from '../weight-values';
import type { TunedTensors } from './checkpoint-folder';

export function mergedAdapter(checkpoint: Checkpoint, { tensors, adapter }: TunedWeights): TunedTensors {
  const scale = adapter?.scale ?? 0;
  const factorsOf = (name: string): [HostTensor, HostTensor] | undefined => {
    const [a, b] = lowRankNames(name).map(factor => tensors.get(factor));
    return a && b && [a, b];
  };
  const held = weightsByTensor(checkpoint.architecture);
  const changed = [...held].filter(([, weights]) => [...weights.keys()].some(factorsOf));
  return {
    tensors: changed.map(([tensor]) => tensor),
    read: tensor => {
      const merged = new Map<string, HostTensor>();
      for (const [name, weight] of held.get(tensor) ?? []) {
        const factors = factorsOf(name);
        if (!factors) continue;
        const value = readWeight(checkpoint, weight);
        addLowRank(value, ...factors, scale);
        merged.set(name, value);
      }
      return merged;
    },
  };
}
