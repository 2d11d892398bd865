import prettier from 'prettier';
import { describe, expect, it } from 'vitest';

import { modelCard } from './model-card';
import { World } from './world';

const facts = {
  parameters: 4_400_000,
  vocabulary: 1700,
  steps: 1000,
  tokens: 4_100_000,
  seconds: 1234,
  machine: 'a machine, 2 cores',
  scores: { swap: 12.5, closed: 99.25 },
  samples: new Map([['swap_train', 1600]]),
};

describe('modelCard', () => {
  const card = modelCard(new World(1), facts);

  it('tells the figures that it is given', () => {
    for (const text of [
      '4.40 million',
      '8.8 MB',
      '1,000 steps, 4.1 million tokens, 21 minutes',
      '12.5',
      '99.3',
    ])
      expect(card).toContain(text);
    expect(card).toMatch(/`swap_\*`.*\| 1,600/);
    // 6 layers of 16 experts, 128 wide.
    expect(card).toContain('routers: 12,288');
  });

  it('is formatted as the other documents are', async () => {
    expect(await prettier.check(card, { parser: 'markdown' })).toBe(true);
  });
});
