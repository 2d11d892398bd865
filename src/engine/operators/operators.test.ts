import { readdirSync } from 'node:fs';

import { expect, it } from 'vitest';

// Each module's own test demands a case for each of its operators; this one demands the test.
it('every module of operators has a test', () => {
  const files = readdirSync(import.meta.dirname);
  const isTest = (file: string): boolean => file.endsWith('.test.ts');
  const lacking = files.filter(file => !isTest(file) && !files.includes(file.replace(/\.ts$/, '.test.ts')));
  expect(lacking).toEqual([]);
});
