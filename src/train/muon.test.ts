/** @file Muon's update, by the iteration's formula on singular values in float64. */
import { describe, expect, it } from 'vitest';

import { Random } from '../common/random';
import { Muon } from './muon';

const options = { executionProvider: 'cpu', memoryMode: 'resident', threads: 1 } as const;
const settings = { momentum: 0.95, weightDecay: 0.1 };

/** Columns of a random orthogonal matrix [size][size], by Gram–Schmidt. */
function orthogonal(size: number, random: Random): number[][] {
  const columns: number[][] = [];
  while (columns.length < size) {
    const column = Array.from({ length: size }, () => random.normal());
    for (const other of columns) {
      const along = other.reduce((sum, value, i) => sum + value * column[i], 0);
      other.forEach((value, i) => (column[i] -= along * value));
    }
    const norm = Math.hypot(...column);
    columns.push(column.map(value => value / norm));
  }
  return columns;
}

/** Σ_i s_i · u_i · v_iᵀ, row-major. */
function fromSingular(u: number[][], s: readonly number[], v: number[][]): Float32Array {
  const [rows, columns] = [u[0].length, v[0].length];
  return Float32Array.from({ length: rows * columns }, (_, at) =>
    s.reduce((sum, value, i) => sum + value * u[i][Math.floor(at / columns)] * v[i][at % columns], 0),
  );
}

/** What five rounds make of a singular value of a matrix of norm 1. */
function iterated(value: number): number {
  let s = value;
  for (let i = 0; i < 5; i++) s = 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;
  return s;
}

describe.each([
  { rows: 3, columns: 5 },
  { rows: 5, columns: 3 },
  { rows: 4, columns: 4 },
])('Muon on [$rows, $columns]', ({ rows, columns }) => {
  const random = new Random(rows * 10 + columns);
  const rank = Math.min(rows, columns);
  const [u, v] = [orthogonal(rows, random), orthogonal(columns, random)];
  const singular = Array.from({ length: rank }, () => 0.1 + random.uniform());
  const gradient = fromSingular(u, singular, v);
  const scale = 0.2 * Math.sqrt(Math.max(rows, columns));

  it('moves along the gradient with its singular values brought near 1, and decays', async () => {
    const before = Float32Array.from(gradient, () => random.normal());
    const other = Float32Array.from(before);
    const parameters = new Map([
      ['a', Float32Array.from(before)],
      ['b', other],
    ]);
    const shapes = new Map([
      ['a', [rows, columns]],
      ['b', [rows, columns]],
    ]);
    const muon = new Muon(shapes, options, settings);
    await muon.step(
      parameters,
      new Map([
        ['a', gradient],
        ['b', gradient.map(value => 100 * value)],
      ]),
      0.01,
    );
    await muon.release();
    const norm = Math.hypot(...singular);
    const update = fromSingular(
      u,
      singular.map(value => iterated(value / norm)),
      v,
    );
    const expected = before.map((value, i) => value - 0.01 * (scale * update[i] + 0.1 * value));
    for (const name of ['a', 'b']) {
      // The length of a gradient does not count.
      parameters.get(name)?.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    }
    for (const value of singular) {
      expect(iterated(value / norm)).toBeGreaterThan(0.6);
      expect(iterated(value / norm)).toBeLessThan(1.3);
    }
  });

  it('goes on from its momenta as if it had not been interrupted', async () => {
    const shapes = new Map([['a', [rows, columns]]]);
    const steps = [
      gradient,
      gradient.map((value, i) => value * Math.sin(i)),
      gradient.map(() => random.normal()),
    ];
    const run = async (interrupted: boolean): Promise<Float32Array> => {
      const values = new Float32Array(rows * columns).fill(0.5);
      let muon = new Muon(shapes, options, settings);
      for (const step of steps) {
        await muon.step(new Map([['a', values]]), new Map([['a', step]]), 0.1);
        if (!interrupted) continue;
        const { momenta } = muon;
        await muon.release();
        muon = new Muon(shapes, options, settings, structuredClone(momenta));
      }
      await muon.release();
      return values;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('remembers by Nesterov momentum', async () => {
    const muon = new Muon(new Map([['a', [rows, columns]]]), options, settings);
    const values = new Float32Array(rows * columns);
    const second = gradient.map((value, i) => value * Math.cos(i));
    await muon.step(new Map([['a', values]]), new Map([['a', gradient]]), 0.1);
    await muon.step(new Map([['a', values]]), new Map([['a', second]]), 0.1);
    await muon.release();
    muon.momenta.get('a')?.forEach((value, i) => {
      expect(value).toBeCloseTo(0.95 * 0.05 * gradient[i] + 0.05 * second[i], 6);
    });
  });
});
