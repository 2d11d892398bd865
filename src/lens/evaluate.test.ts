/** @file Scores of predictions, by formula. */
import { describe, expect, it } from 'vitest';

import type { Prediction } from '../protocol/evaluation';
import { scoreChange, scoresOf } from './evaluate';

const prediction = (text: string, em: number, fields: Partial<Prediction> = {}): Prediction => ({
  sample: 0,
  prediction: text,
  answers: ['red hat'],
  em,
  f1: em,
  ...fields,
});

describe('scoresOf', () => {
  const predictions = [
    prediction('red hat', 100, { from_memory: false }),
    prediction('blue', 0, { from_memory: true }),
    prediction('blue', 0),
    prediction('The red hat!', 100, { from_memory: false }),
  ];

  it('is the mean over samples with intervals around it', () => {
    const { em, f1, samples, em_interval } = scoresOf(predictions, 0);
    expect([em, f1, samples]).toEqual([50, 50, 4]);
    // Of four samples each right or wrong with probability ½: 0 and 4 right have a probability of 1/16 each.
    expect(em_interval).toEqual([0, 100]);
  });

  it('counts answers from memory over the samples that tell', () => {
    const { memory_answers } = scoresOf(predictions, 0);
    expect(memory_answers?.samples).toBe(3);
    expect(memory_answers?.value).toBeCloseTo(100 / 3, 9);
    expect(scoresOf([prediction('red hat', 100)], 0).memory_answers).toBeUndefined();
  });
});

describe('scoreChange', () => {
  it('pairs the samples: a change that all have in common has no width', () => {
    const before = [prediction('a', 0), prediction('b', 50), prediction('c', 20)];
    const after = before.map(({ em, ...rest }) => ({ ...rest, em: em + 30 }));
    expect(scoreChange(before, after, 'em', 0)).toEqual({ value: 30, low: 30, high: 30, samples: 3 });
  });
});
