/** @file Choices that outlive the window. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { scratchFolder } from '../../../test/helpers/scratch';
import { KeptChoices } from './kept-choices';

const scratch = scratchFolder();
const newFolder = (): string => mkdtempSync(path.join(scratch, 'window-'));

test('what was kept last is there at the next start', () => {
  const folder = newFolder();
  const choices = new KeptChoices(folder);
  expect(choices.value).toBeUndefined();
  choices.keep({ mode: 'base' });
  choices.keep({ mode: 'tuned' });
  expect(choices.value).toEqual({ mode: 'tuned' });
  choices.dispose();
  expect(new KeptChoices(folder).value).toEqual({ mode: 'tuned' });
});

test('a file that cannot be read is as none', () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'routing-panel.json'), '{');
  expect(new KeptChoices(folder).value).toBeUndefined();
});

test('without a folder they last as long as the window', () => {
  const choices = new KeptChoices(undefined);
  choices.keep(1);
  choices.dispose();
  expect(choices.value).toBe(1);
});
