import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { Random } from '../src/common/random';
import type { HostTensor } from '../src/engine/session';
import { Checkpoint } from '../src/model/checkpoint/checkpoint';
import { Model } from '../src/model/model';
import { packRows } from '../src/model/packed-batch';
import { readWeights } from '../src/model/weight-values';
import { scratchFolder } from '../test/helpers/scratch';
import { geometry, writeInitialCheckpoint } from './initial-checkpoint';
import { buildVocabulary, spacedWordIds } from './tokenizer-files';

const folder = path.join(scratchFolder(), 'initial');
writeInitialCheckpoint(folder, 0);
const checkpoint = Checkpoint.open(folder);
const { hidden, heads } = geometry;

function weight(name: string): Float32Array {
  return readWeights(checkpoint, [name]).get(name)?.data as Float32Array;
}

/** Row a of a matrix times row b of another. */
function product(a: Float32Array, row: number, b: Float32Array, other: number): number {
  let sum = 0;
  for (let i = 0; i < hidden; i++) sum += a[row * hidden + i] * b[other * hidden + i];
  return sum;
}

describe('writeInitialCheckpoint', () => {
  it('writes an OLMoE that opens', () => {
    expect(checkpoint.architecture.layers).toHaveLength(geometry.layers);
    expect(checkpoint.architecture.vocabularySize).toBe(buildVocabulary().size);
  });

  it('is the same for the same seed, and another for another', () => {
    const [same, other] = ['same', 'other'].map(name => path.join(scratchFolder(), name));
    writeInitialCheckpoint(same, 0);
    writeInitialCheckpoint(other, 1);
    const name = 'layers.3.experts.2.up';
    const read = (from: string): unknown => readWeights(Checkpoint.open(from), [name]).get(name)?.data;
    expect(read(same)).toEqual(weight(name));
    expect(read(other)).not.toEqual(weight(name));
  });

  it('words differ from themselves with a space by one vector, the same for all', () => {
    const embedding = weight('embed_tokens.weight');
    const row = (id: number): Float32Array => embedding.subarray(id * hidden, (id + 1) * hidden);
    const differences = spacedWordIds(buildVocabulary()).map(({ spaced, plain }) =>
      row(spaced).map((value, i) => value - row(plain)[i]),
    );
    const largest = Math.max(
      ...differences.map(difference =>
        Math.max(...difference.map((value, i) => Math.abs(value - differences[0][i]))),
      ),
    );
    expect(largest).toBeLessThan(1e-5);
  });

  it('queries of all heads but one are orthogonal, keys like them; attention hands on what it sees', () => {
    const [q, k, v, o] = ['q', 'k', 'v', 'o'].map(part => weight(`layers.1.${part}_proj.weight`));
    for (const [row, other] of [
      [0, 0],
      [5, 5],
      [0, 5],
      [40, 95],
    ])
      expect(product(q, row, q, other)).toBeCloseTo(row === other ? 1 : 0, 5);
    const matching = ((heads - 1) * hidden) / heads;
    const likeness = Array.from({ length: hidden }, (_, row) => product(q, row, k, row));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    // 0.85, and a part of the chance product of two unrelated rows, whose deviation is 1/√hidden.
    expect(mean(likeness.slice(0, matching))).toBeCloseTo(0.85, 1);
    for (let i = 0; i < hidden; i++) expect(o[i * hidden + 7]).toBeCloseTo(0.5 * v[7 * hidden + i], 6);
  });

  it.each([
    { layer: 0, distance: 1 },
    { layer: 1, distance: 2 },
  ])('the last head of layer $layer looks $distance tokens back', async ({ layer, distance }) => {
    const model = Model.open(folder, { threads: 1, memoryBudget: 0 });
    const random = new Random(2);
    const length = 40;
    const ids = Array.from({ length }, () => 300 + random.integer(1000));
    let attention: HostTensor | undefined;
    await model.forward(packRows([ids]), {
      attention: true,
      onLayer: (index, result) => {
        if (index === layer) ({ attention } = result);
      },
    });
    await model.release();
    const last = (heads - 1) * length * length;
    const rows = Array.from({ length }, (_, query) => {
      const start = last + query * length;
      return [...(attention?.data as Float32Array).subarray(start, start + length)];
    });
    const found = rows.slice(distance).map((row, i) => i + distance - row.indexOf(Math.max(...row)));
    const exact = found.filter(value => value === distance).length;
    // What the tokens are disturbs it: it need not be the largest everywhere.
    expect(exact / found.length).toBeGreaterThan(0.5);
  });
});
