import { describe, expect, it } from 'vitest';

import { TrainingBatches } from './training-batches';
import { World } from './world';

const curriculum = {
  batchTokens: 600,
  stages: [20, 50] as [number, number],
  growth: [10, 40] as [number, number],
  seed: 3,
};
const world = new World(1);

describe('TrainingBatches', () => {
  const batches = new TrainingBatches(world, curriculum);

  it('gives the same batch for a step, whatever was asked for before', () => {
    const later = [17, 3, 96, 17].map(step => batches.at(step));
    const anew = [17, 3, 96, 17].map(step => new TrainingBatches(world, curriculum).at(step));
    expect(later).toEqual(anew);
    expect(later[0]).not.toEqual(later[1]);
  });

  it('gives other batches for another seed', () => {
    expect(new TrainingBatches(world, { ...curriculum, seed: 4 }).at(0)).not.toEqual(batches.at(0));
  });

  it.each([0, 40, 80])(
    'step %d: targets are the next tokens of the same document, weights sum to 1',
    step => {
      const { batch, targets } = batches.at(step);
      const { rows, targets: tokens, weights = [] } = targets;
      expect(batch.lengths.reduce((sum, length) => sum + length, 0)).toBe(batch.inputIds.length);
      const ends = new Set<number>();
      batch.lengths.reduce((start, length) => (ends.add(start + length - 1), start + length), 0);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      expect(rows.length).toBeGreaterThan(20);
      rows.forEach((row, i) => {
        expect(ends.has(row)).toBe(false);
        expect(tokens[i]).toBe(batch.inputIds[row + 1]);
      });
      expect(weights).toHaveLength(rows.length);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
    },
  );

  it('has about as many tokens as asked for', () => {
    const tokens = Array.from({ length: 16 }, (_, step) => batches.at(step).batch.inputIds.length);
    const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
    expect(mean).toBeGreaterThan(550);
    expect(mean).toBeLessThan(700);
  });

  it('contexts grow', () => {
    const meanLength = (step: number): number => {
      const lengths = Array.from({ length: 8 }, (_, i) => batches.at(step + i).batch.lengths).flat();
      return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    };
    expect(meanLength(40)).toBeGreaterThan(1.2 * meanLength(0));
  });
});
