/** @file Names of saved pictures and tables. */
import { expect, test } from 'vitest';

import { fileName } from './picture';

test('files are named after the figure, for any file system', () => {
  expect(fileName('Loss by step, nats', 'image/png')).toBe('loss-by-step-nats.png');
  expect(fileName('CAG: gain (tuned/base)', 'text/csv')).toBe('cag-gain-tuned-base.csv');
  expect(fileName('„Größe“ – 大きさ', 'image/svg+xml')).toBe('größe-大きさ.svg');
  expect(fileName('../..', 'text/csv')).toBe('figure.csv');
  expect(fileName('x'.repeat(300), 'text/csv')).toHaveLength(84);
});
