/** @file How often each expert is chosen (METHOD step 2), and the lists of experts that follow from it. */
import type { ExpertList } from '../protocol/artifacts';

/** Top-k experts of one sample's tokens at one layer. */
export interface SampleRouting {
  /** [tokens × top-k] */
  readonly indices: ArrayLike<number>;
}

/** Sums over samples; METHOD's `ratio` and `count` are read off at the end. */
export class ActivationStatistics {
  private samples = 0;
  private readonly ratioSums: Map<number, Float64Array>;
  private readonly counts: Map<number, Float64Array>;

  /** @param experts number of experts by MoE layer */
  constructor(experts: ReadonlyMap<number, number>) {
    this.ratioSums = new Map([...experts].map(([layer, n]) => [layer, new Float64Array(n)]));
    this.counts = new Map([...experts].map(([layer, n]) => [layer, new Float64Array(n)]));
  }

  /** Adds a sample: for each MoE layer the experts of its L tokens. Each sample weighs the same, whatever its length. */
  add(routing: ReadonlyMap<number, SampleRouting>): void {
    this.samples++;
    for (const [layer, { indices }] of routing) {
      const ratio = this.ratioSums.get(layer);
      const count = this.counts.get(layer);
      if (!ratio || !count) throw new Error(`layer ${layer} has no router`);
      // indices.length = L · k: one choice is worth 1 / (L · k).
      for (let i = 0; i < indices.length; i++) {
        ratio[indices[i]] += 1 / indices.length;
        count[indices[i]]++;
      }
    }
  }

  /** ratio[l][i] = (1/N) Σ_j (1/L_j) Σ_t 1[i ∈ S(l,t)] / k, by layer. */
  ratios(): Record<string, number[]> {
    return byLayer(this.ratioSums, sum => sum / this.samples);
  }

  /** count[l][i] = Σ_j Σ_t 1[i ∈ S(l,t)], by layer. */
  activationCounts(): Record<string, number[]> {
    return byLayer(this.counts, sum => sum);
  }
}

function byLayer(
  sums: ReadonlyMap<number, Float64Array>,
  map: (sum: number) => number,
): Record<string, number[]> {
  return Object.fromEntries([...sums].map(([layer, values]) => [String(layer), Array.from(values, map)]));
}

/** The k experts of each layer with the largest ratio, largest first; ties go to the lower index. */
export function topExperts(ratios: Readonly<Record<string, readonly number[]>>, k: number): ExpertList {
  return Object.fromEntries(
    Object.entries(ratios).map(([layer, values]) => {
      const order = values.map((_, expert) => expert).sort((a, b) => values[b] - values[a] || a - b);
      return [layer, order.slice(0, k)];
    }),
  );
}
