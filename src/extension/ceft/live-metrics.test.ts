/** @file Curves of the side bar. */
import { expect, test } from 'vitest';

import { LiveMetrics, thinned } from './live-metrics';

const step = (at: number, loss: number) => ({
  ...{ step: at, epoch: 0, loss, lr: 0.1, grad_norm: 1, tokens_per_s: 1 },
});

test('losses and dev evaluations are told apart, exact match is preferred', () => {
  const metrics = new LiveMetrics();
  const dev = { step: 2, epoch: 1, split: 'dev', loss: 0.5 };
  metrics.add({ lines: [step(0, 3), step(1, 2), dev], fromStart: true });
  expect(metrics.curves()).toEqual({
    loss: [
      { step: 0, value: 3 },
      { step: 1, value: 2 },
    ],
    dev: [{ step: 2, value: 0.5 }],
    dev_is_em: false,
  });
  metrics.add({
    lines: [
      { ...dev, em: 40, f1: 50 },
      { ...dev, split: 'test' },
    ],
    fromStart: false,
  });
  expect(metrics.curves()).toMatchObject({ dev: [{ step: 2, value: 40 }], dev_is_em: true });
  metrics.add({ lines: [step(0, 9)], fromStart: true });
  expect(metrics.curves()).toEqual({ loss: [{ step: 0, value: 9 }], dev: [], dev_is_em: false });
});

test('long curves keep their ends and as many points as are asked for', () => {
  const long = Array.from({ length: 1001 }, (_, i) => ({ step: i, value: i }));
  const few = thinned(long, 11);
  expect(few.map(p => p.step)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  expect(thinned(long.slice(0, 5), 11)).toEqual(long.slice(0, 5));
});
