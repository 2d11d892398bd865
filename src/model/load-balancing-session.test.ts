/** @file The load-balancing loss and its gradient, by formula and by central differences in float64. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Random } from '../common/random';
import type { LayerRouting } from './layer-sessions';
import { LoadBalancingSession } from './load-balancing-session';
import { Model } from './model';
import { hostIndices, packRows } from './packed-batch';
import { weightGradients } from './weight-gradients';
import { readWeights } from './weight-values';

const [experts, topK] = [5, 2];

/** Routing of random logits to random experts. */
function randomRouting(tokens: number, seed: number): LayerRouting {
  const random = new Random(seed);
  const logits = Float32Array.from({ length: tokens * experts }, () => random.normal());
  const chosen = Array.from({ length: tokens }, () => random.shuffled([0, 1, 2, 3, 4]).slice(0, topK)).flat();
  return {
    logits: { data: logits, shape: [tokens, experts] },
    indices: hostIndices(chosen, [tokens, topK]),
    weights: { data: new Float32Array(tokens * topK), shape: [tokens, topK] },
  };
}

/** The loss by its definition in float64. */
function lossOf(logits: readonly (readonly number[])[], chosen: readonly (readonly number[])[]): number {
  let loss = 0;
  for (let e = 0; e < experts; e++) {
    const fraction = chosen.filter(list => list.includes(e)).length / chosen.length;
    const probability =
      logits.reduce((sum, row) => {
        const powers = row.map(Math.exp);
        return sum + powers[e] / powers.reduce((total, value) => total + value, 0);
      }, 0) / logits.length;
    loss += fraction * probability;
  }
  return experts * loss;
}

function rowsOf<T>(values: readonly T[], width: number): T[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    values.slice(row * width, (row + 1) * width),
  );
}

describe('LoadBalancingSession', () => {
  const session = new LoadBalancingSession({ executionProvider: 'cpu', memoryMode: 'resident', threads: 1 });
  afterAll(() => session.release());
  const routing = new Map([
    [1, randomRouting(4, 1)],
    [3, randomRouting(4, 2)],
  ]);
  const all = [...routing.values()];
  const logits = rowsOf(
    all.flatMap(layer => Array.from(layer.logits.data, Number)),
    experts,
  );
  const chosen = rowsOf(
    all.flatMap(layer => Array.from(layer.indices.data, Number)),
    topK,
  );

  it('is experts · Σ f · P over the tokens of all layers', async () => {
    expect((await session.run(routing, 1)).loss).toBeCloseTo(lossOf(logits, chosen), 6);
  });

  it('is top-k if all experts are used alike', async () => {
    const even = {
      ...randomRouting(5, 3),
      logits: { data: new Float32Array(5 * experts), shape: [5, experts] },
      indices: hostIndices([0, 1, 1, 2, 2, 3, 3, 4, 4, 0], [5, topK]),
    };
    expect((await session.run(new Map([[0, even]]), 1)).loss).toBeCloseTo(topK, 6);
  });

  it('has the gradient of central differences, times the factor', async () => {
    const step = 1e-5;
    const factor = 3;
    const balancing = await session.run(routing, factor);
    const gradients = [1, 3].flatMap(layer => Array.from(balancing.gradients.get(layer)?.data ?? [], Number));
    expect(gradients).toHaveLength(logits.length * experts);
    gradients.forEach((gradient, i) => {
      const moved = (by: number): number => {
        const copy = logits.map(row => [...row]);
        copy[Math.floor(i / experts)][i % experts] += by;
        return lossOf(copy, chosen);
      };
      expect(gradient).toBeCloseTo((factor * (moved(step) - moved(-step))) / (2 * step), 6);
    });
  });
});

describe.each([1e12, 1])('weightGradients with load balancing (memory budget %d)', memoryBudget => {
  const folder = writeTinyCheckpoint(
    path.join(scratchFolder(), `tiny-${memoryBudget}`),
    tinyWeights(5),
    tinyConfig,
  );
  const model = Model.open(folder, { threads: 1, memoryBudget });
  afterAll(() => model.release());
  const batch = packRows([
    [0, 2, 60, 70, 80, 90, 0],
    [0, 2, 100, 110, 0],
  ]);
  const targets = { rows: [3, 4, 9, 10], targets: [80, 90, 110, 0] };
  const coefficient = 0.5;

  it('the sum of both losses changes along the gradient by its length', async () => {
    const names = ['layers.0.router.weight', 'layers.0.experts.0.up', 'layers.1.router.weight'];
    const tuned = model.withWeights({ tensors: readWeights(model.checkpoint, names) });
    const chosen: number[][] = [];
    const total = async (): Promise<number> => {
      const hidden = await tuned.forwardRows(batch, targets.rows);
      const losses = await tuned.head.negativeLogLikelihoods(hidden, targets.targets);
      const routing = await tuned.routing(batch);
      chosen.push([...routing.values()].flatMap(({ indices }) => Array.from(indices.data, Number)));
      const balancing = (await tuned.loadBalancing.run(routing, 1)).loss;
      return losses.reduce((sum, value) => sum + value, 0) / losses.length + coefficient * balancing;
    };
    const found = await weightGradients(tuned, batch, targets, { loadBalancing: coefficient });
    const sum = found.loss + coefficient * (found.loadBalancingLoss ?? 0);
    expect(Math.abs(sum - (await total()))).toBeLessThan(1e-5);
    const plain = await weightGradients(tuned, batch, targets);
    for (const [name, gradient] of found.gradients) {
      expect(gradient).not.toEqual(plain.gradients.get(name));
      const values = tuned.tuned.tensors.get(name)?.data as Float32Array;
      const before = Float32Array.from(values);
      const length = Math.hypot(...gradient);
      const step = Math.min(1e-2, 2e-3 / length);
      const moved = async (by: number): Promise<number> => {
        before.forEach((value, i) => (values[i] = value + (by * gradient[i]) / length));
        return total();
      };
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      values.set(before);
      expect(slope / length).toBeCloseTo(1, 2);
    }
    // The loss jumps where another expert is chosen: no step went so far.
    for (const choice of chosen) expect(choice).toEqual(chosen[0]);
  });
});
