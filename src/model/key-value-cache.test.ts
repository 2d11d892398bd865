/** @file Where a cache keeps keys and values. */
import { describe, expect, it } from 'vitest';

import { tinyArchitecture, tinyConfig, tinyDeepseek } from '../../test/helpers/tiny-checkpoint';
import { cachedBytesPerToken, KeyValueCache } from './key-value-cache';
import type { LayerMemory } from './layer-sessions';

describe('KeyValueCache', () => {
  // Two key/value heads of one element each, room for three tokens.
  const tiny = tinyArchitecture(tinyConfig);
  const [layer] = tiny.layers;
  const architecture = { ...tiny, layers: [{ ...layer, attention: { ...layer.attention, headSize: 1 } }] };
  const memory = (keys: number[], length: number): LayerMemory => {
    const tensor = { data: Float32Array.from(keys), shape: [keys.length / (2 * length), 2, 1, length, 1] };
    return { keys: tensor, values: { ...tensor, data: tensor.data.map(x => -x) } };
  };
  const fed = (cache: KeyValueCache, name: string): number[] => Array.from(cache.feeds(0)[name].data, Number);

  it('feeds one place while it is empty', () => {
    const cache = new KeyValueCache(architecture, 2, 3);
    expect(cache.past).toEqual({ lengths: [0, 0], capacity: 1 });
    expect(cache.feeds(0).past_keys).toEqual({ data: new Float32Array(4), shape: [2, 2, 1, 1, 1] });
  });

  it('puts new tokens behind those of their row, without the padding', () => {
    const cache = new KeyValueCache(architecture, 2, 3);
    cache.write(0, memory([1, 2, 3, 4, 5, 0, 6, 0], 2), [2, 1]);
    cache.advance([2, 1]);
    cache.write(0, memory([7, 8, 9, 10], 1), [1, 1]);
    cache.advance([1, 1]);
    expect(cache.past).toEqual({ lengths: [3, 2], capacity: 3 });
    expect(cache.feeds(0).past_keys.shape).toEqual([2, 2, 1, 3, 1]);
    expect(fed(cache, 'past_keys')).toEqual([1, 2, 7, 3, 4, 8, 5, 9, 0, 6, 10, 0]);
    expect(fed(cache, 'past_values')).toEqual(fed(cache, 'past_keys').map(x => (x === 0 ? 0 : -x)));
  });

  it('lets go of rows', () => {
    const cache = new KeyValueCache(architecture, 3, 3);
    cache.write(0, memory([1, 2, 3, 4, 5, 6], 1), [1, 1, 1]);
    cache.advance([1, 1, 1]);
    cache.keep([0, 2]);
    expect(cache.past).toEqual({ lengths: [1, 1], capacity: 3 });
    expect(fed(cache, 'past_keys')).toEqual([1, 0, 0, 2, 0, 0, 5, 0, 0, 6, 0, 0]);
  });

  it('has a size: layers × heads × (key + value) × 4 bytes', () => {
    expect(cachedBytesPerToken(tinyArchitecture(tinyConfig))).toBe(2 * 2 * (8 + 8) * 4);
    expect(cachedBytesPerToken(tinyArchitecture(tinyDeepseek))).toBe(2 * 2 * (8 + 4 + 6) * 4);
  });
});
