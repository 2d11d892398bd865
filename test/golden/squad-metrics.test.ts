/** @file Exact match and F1 against values computed by the Python evaluation scripts. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import {
  aggregate,
  bestScore,
  exactMatch,
  f1,
  f1Version2,
  normalizeAnswer,
} from '../../src/lens/squad-metrics';

const file = path.resolve(import.meta.dirname, '../../../shared/golden/shared/squad_metrics.json');
const absent = !existsSync(file);

const GoldenSchema = v.object({
  cases: v.array(
    v.object({
      prediction: v.string(),
      gold: v.union([v.string(), v.array(v.string())]),
      normalized_prediction: v.string(),
      normalized_gold: v.array(v.string()),
      em: v.number(),
      f1: v.number(),
      f1_v2: v.number(),
    }),
  ),
  aggregate: v.object({ n: v.number(), em_percent: v.number(), f1_percent: v.number() }),
});

describe.skipIf(absent)(`SQuAD metrics${absent ? ' (skipped: no golden files)' : ''}`, () => {
  const golden = absent
    ? { cases: [], aggregate: { n: 0, em_percent: 0, f1_percent: 0 } }
    : v.parse(GoldenSchema, JSON.parse(readFileSync(file, 'utf8')));
  const cases = golden.cases.map(c => ({ ...c, answers: typeof c.gold === 'string' ? [c.gold] : c.gold }));

  it('normalises as Python does', () => {
    for (const c of cases) {
      expect(normalizeAnswer(c.prediction)).toBe(c.normalized_prediction);
      expect(c.answers.map(normalizeAnswer)).toEqual(c.normalized_gold);
    }
  });

  it('scores every case exactly', () => {
    expect(cases.length).toBe(golden.aggregate.n);
    for (const { prediction, answers, ...expected } of cases) {
      expect({
        prediction,
        em: bestScore(exactMatch, prediction, answers),
        f1: bestScore(f1, prediction, answers),
        f1_v2: bestScore(f1Version2, prediction, answers),
      }).toEqual({ prediction, em: expected.em, f1: expected.f1, f1_v2: expected.f1_v2 });
    }
  });

  it('aggregates in percent', () => {
    const { em, f1: meanF1, samples } = aggregate(cases);
    expect(samples).toBe(golden.aggregate.n);
    expect(em).toBe(golden.aggregate.em_percent);
    expect(meanF1).toBeCloseTo(golden.aggregate.f1_percent, 10);
  });
});
