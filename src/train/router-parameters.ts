/** @file What trains in router tuning: the routers' weights themselves, or low-rank additions to them (LoRA). */
import { Random } from '../common/random';
import type { HostTensor } from '../engine/session';
import type { RouterAdapter } from '../model/layers/router';
import { routerFeeds } from '../model/layers/router';
import type { Model, Routers } from '../model/model';
import type { NamedArrays } from './adamw';

export interface RouterParameters {
  /** Trainable arrays by canonical name, `layers.{l}.router.weight` or `….lora_A`, `….lora_B`. Changed in place. */
  readonly arrays: NamedArrays;
  /** What the layers are fed while training. */
  readonly routers: Routers;
  readonly adapter?: RouterAdapter;
  /** The routers with low-rank additions merged: what evaluation uses and what is saved. */
  merged(): Routers;
}

type RouterFeeds = Readonly<Record<string, HostTensor>>;

const weightName = routerFeeds.weight;

/** Copies of the checkpoint's routers. @param trained.bias whether the routers' biases, if they have any, train, too */
export function fullRouters(model: Model, trained = { bias: true }): RouterParameters {
  const routers = copiesOf(model.baseRouters);
  return {
    arrays: arraysOf(routers, trained.bias ? [weightName, routerFeeds.bias] : [weightName]),
    routers,
    merged: () => copiesOf(routers),
  };
}

/**
 * LoRA (Hu et al. 2021) on each router: W + (alpha / r) · B · A with A uniform in ±1/√hidden (PEFT's initial values),
 * B zero. Biases stay as they are.
 */
export function loraRouters(
  model: Model,
  { rank, alpha, dropout, seed }: { rank: number; alpha: number; dropout: number; seed: number },
): RouterParameters {
  const random = new Random(seed);
  const scale = alpha / rank;
  const routers: Routers = new Map(
    [...model.baseRouters].map(([layer, feeds]) => {
      const [experts, hidden] = feeds[weightName].shape;
      const bound = 1 / Math.sqrt(hidden);
      const a = Float32Array.from({ length: rank * hidden }, () => (2 * random.uniform() - 1) * bound);
      return [
        layer,
        {
          ...feeds,
          [routerFeeds.loraA]: { data: a, shape: [rank, hidden] },
          [routerFeeds.loraB]: { data: new Float32Array(experts * rank), shape: [experts, rank] },
        },
      ];
    }),
  );
  return {
    arrays: arraysOf(routers, [routerFeeds.loraA, routerFeeds.loraB]),
    routers,
    adapter: { rank, scale, dropout: dropout > 0 },
    merged: () => new Map([...routers].map(([layer, feeds]) => [layer, mergedRouter(feeds, rank, scale)])),
  };
}

/** Canonical name of a fed router tensor. */
export function routerArrayName(layer: number, feed: string): string {
  return `layers.${layer}.${feed}`;
}

function arraysOf(routers: Routers, trained: readonly string[]): NamedArrays {
  return new Map(
    [...routers].flatMap(([layer, feeds]) =>
      trained
        .filter(feed => feed in feeds)
        .map(feed => [routerArrayName(layer, feed), feeds[feed].data as Float32Array] as const),
    ),
  );
}

function copiesOf(routers: Routers): Routers {
  return new Map(
    [...routers].map(([layer, feeds]) => [
      layer,
      Object.fromEntries(Object.entries(feeds).map(([feed, tensor]) => [feed, copyOf(tensor)])),
    ]),
  );
}

function copyOf({ data, shape }: HostTensor): HostTensor {
  return { data: Float32Array.from(data as Float32Array), shape };
}

function mergedRouter(feeds: RouterFeeds, rank: number, scale: number): RouterFeeds {
  const weight = { [weightName]: mergeLora(feeds, rank, scale) };
  return routerFeeds.bias in feeds
    ? { ...weight, [routerFeeds.bias]: copyOf(feeds[routerFeeds.bias]) }
    : weight;
}

function mergeLora(feeds: RouterFeeds, rank: number, scale: number): HostTensor {
  const { data, shape } = copyOf(feeds[weightName]);
  const [experts, hidden] = shape;
  const a = feeds[routerFeeds.loraA].data as Float32Array;
  const b = feeds[routerFeeds.loraB].data as Float32Array;
  const merged = data as Float32Array;
  for (let e = 0; e < experts; e++) {
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[e * rank + r];
      for (let h = 0; h < hidden; h++) merged[e * hidden + h] += factor * a[r * hidden + h];
    }
  }
  return { data: merged, shape };
}

/** Factors of inverted dropout for [tokens, hidden] values: 0 with probability p, else 1 / (1 − p). */
export function dropoutFactors(
  random: Random,
  tokens: number,
  hidden: number,
  probability: number,
): HostTensor {
  const kept = 1 / (1 - probability);
  const data = Float32Array.from({ length: tokens * hidden }, () =>
    random.uniform() < probability ? 0 : kept,
  );
  return { data, shape: [tokens, hidden] };
}
