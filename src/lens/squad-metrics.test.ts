/** @file Rules of the metrics that follow from their definitions. */
import { describe, expect, it } from 'vitest';

import { aggregate, bestScore, exactMatch, f1, f1Version2, normalizeAnswer } from './squad-metrics';

describe('normalizeAnswer', () => {
  it.each([
    ['The  cat, a dog\tand an owl!', 'cat dog and owl'],
    ['Theory of anthems', 'theory of anthems'],
    ['the_end', 'theend'],
    ['ein_a_b', 'einab'],
    ['!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', ''],
    ['«the» — the', '« » —'],
    ['a1 the2', 'a1 the2'],
    ['x\u0085y\u001fz', 'x y z'],
  ])('%j → %j', (text, expected) => {
    expect(normalizeAnswer(text)).toBe(expected);
  });
});

describe('scores', () => {
  it('F1 is 2·common / (words of both), words counted as often as both have them', () => {
    expect(f1('red red blue', 'red green')).toBeCloseTo((2 * 1) / 5, 15);
    expect(f1('red red blue', 'red red')).toBeCloseTo((2 * 2) / 5, 15);
  });

  it('empty texts differ in the two versions of SQuAD', () => {
    expect([exactMatch('', 'the'), f1('', 'the'), f1Version2('', 'the')]).toEqual([1, 0, 1]);
    expect([f1('x', ''), f1Version2('x', '')]).toEqual([0, 0]);
  });

  it('take the best accepted answer, none without answers', () => {
    expect(bestScore(exactMatch, 'b', ['a', 'B.'])).toBe(1);
    expect(bestScore(f1, 'b', [])).toBe(0);
  });

  it('are means in percent', () => {
    const questions = [
      { prediction: 'red', answers: ['red'] },
      { prediction: 'red car', answers: ['car', 'bus'] },
      { prediction: 'x', answers: ['y'] },
      { prediction: 'x', answers: ['y'] },
    ];
    expect(aggregate(questions)).toEqual({ em: 25, f1: (100 * (1 + 2 / 3)) / 4, samples: 4 });
    expect(aggregate([])).toEqual({ em: 0, f1: 0, samples: 0 });
  });
});
