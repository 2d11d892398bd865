/** @file Keys and values of the tokens that decoding goes on from. */
import type { HostTensor } from '../engine/session';
import type { Architecture, AttentionArchitecture } from './architecture';
import type { LayerMemory } from './layer-sessions';
import { pastFeeds } from './layers/attend';
import type { Past } from './packed-batch';

/** Heads of a layer's keys and values, and elements of one of each. */
interface MemorySize {
  readonly heads: number;
  readonly keySize: number;
  readonly valueSize: number;
}

function memorySize(attention: AttentionArchitecture): MemorySize {
  if (attention.kind === 'grouped') {
    const { keyValueHeads: heads, headSize } = attention;
    return { heads, keySize: headSize, valueSize: headSize };
  }
  const { heads, plainSize, rotatedSize, valueSize } = attention;
  return { heads, keySize: plainSize + rotatedSize, valueSize };
}

/** Bytes that a {@link KeyValueCache} takes for each token of each row, over all layers. */
export function cachedBytesPerToken({ layers }: Architecture): number {
  return layers.reduce((sum, { attention }) => {
    const { heads, keySize, valueSize } = memorySize(attention);
    return sum + heads * (keySize + valueSize) * Float32Array.BYTES_PER_ELEMENT;
  }, 0);
}

/** Tokens that a row may come to: of a prompt and what it is continued by. */
export function cacheCapacity({ maxPositions }: Architecture, prompt: number, maxNewTokens: number): number {
  return Math.min(prompt + maxNewTokens, maxPositions);
}

/** Room for every token that a few rows will ever have, so that nothing is moved while they grow. */
export class KeyValueCache {
  /** By layer: float32 [rows, heads, capacity, size]. */
  private readonly layers: readonly { keys: RowsByHead; values: RowsByHead }[];
  private tokens: number[];

  /** @param capacity tokens of each row */
  constructor(
    architecture: Architecture,
    rows: number,
    private readonly capacity: number,
  ) {
    this.tokens = new Array<number>(rows).fill(0);
    this.layers = architecture.layers.map(({ attention }) => {
      const { heads, keySize, valueSize } = memorySize(attention);
      return {
        keys: new RowsByHead(rows, heads, capacity, keySize),
        values: new RowsByHead(rows, heads, capacity, valueSize),
      };
    });
  }

  /** What is there. Of an empty cache one place is fed, which no token sees: WebGPU has no tensors without elements. */
  get past(): Past {
    return { lengths: this.tokens, capacity: this.tokens.some(length => length > 0) ? this.capacity : 1 };
  }

  /** What the attention of a layer is fed. */
  feeds(layer: number): Record<string, HostTensor> {
    const { capacity } = this.past;
    const { keys, values } = this.layers[layer];
    return {
      [pastFeeds.keys]: keys.tensor(this.tokens.length, capacity),
      [pastFeeds.values]: values.tensor(this.tokens.length, capacity),
    };
  }

  /**
   * Puts a layer's keys and values of new tokens behind those that are there.
   * @param lengths new tokens of each row
   */
  write(layer: number, memory: LayerMemory, lengths: readonly number[]): void {
    this.layers[layer].keys.write(memory.keys, this.tokens, lengths);
    this.layers[layer].values.write(memory.values, this.tokens, lengths);
  }

  /** Counts new tokens of each row, once all layers have theirs. */
  advance(lengths: readonly number[]): void {
    this.tokens = this.tokens.map((length, row) => length + lengths[row]);
  }

  /** Lets go of all rows but these, ascending. */
  keep(rows: readonly number[]): void {
    if (rows.length === this.tokens.length) return;
    for (const { keys, values } of this.layers) {
      keys.keep(rows);
      values.keep(rows);
    }
    this.tokens = rows.map(row => this.tokens[row]);
  }
}

/** Vectors of float32, [rows, heads, capacity, size]. */
class RowsByHead {
  private readonly data: Float32Array;

  constructor(
    rows: number,
    private readonly heads: number,
    private readonly capacity: number,
    private readonly size: number,
  ) {
    this.data = new Float32Array(rows * heads * capacity * size);
  }

  /** The first rows with all of their places, or, while nothing is there, with one. */
  tensor(rows: number, capacity: number): HostTensor {
    const { heads, size } = this;
    const shape = [rows, heads, 1, capacity, size];
    return { data: this.data.subarray(0, rows * heads * capacity * size), shape };
  }

  /**
   * @param vectors [rows, heads, 1, length, size], padded
   * @param starts of each row, where its first vector goes
   * @param lengths of each row, how many vectors it has
   */
  write({ data, shape }: HostTensor, starts: readonly number[], lengths: readonly number[]): void {
    const { heads, capacity, size } = this;
    const padded = shape[3];
    lengths.forEach((length, row) => {
      for (let head = row * heads; head < (row + 1) * heads; head++) {
        const from = head * padded * size;
        const vectors = (data as Float32Array).subarray(from, from + length * size);
        this.data.set(vectors, (head * capacity + starts[row]) * size);
      }
    });
  }

  keep(rows: readonly number[]): void {
    const length = this.heads * this.capacity * this.size;
    rows.forEach((row, place) => this.data.copyWithin(place * length, row * length, (row + 1) * length));
  }
}
