/** @file The files for translators hold the texts that are used, and no others. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import * as v from 'valibot';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

test('l10n/bundle.l10n.json has the texts of the code', async () => {
  await promisify(execFile)(process.execPath, [path.join(root, 'scripts/l10n.mjs'), '--check']);
});

test('package.nls.json has the texts of package.json', () => {
  const texts = v.parse(v.record(v.string(), v.string()), JSON.parse(read('package.nls.json')));
  const used = [...read('package.json').matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key);
  expect(Object.keys(texts).sort()).toEqual([...new Set(used)].sort());
});

test('what package.json shows to users is named, not written out', () => {
  const names = 'title|name|contents|description|markdownDescription|displayName|userDescription|label';
  const shown = new RegExp(`"(${names})": "(?!%)([^"]*)"`, 'g');
  const { contributes } = v.parse(
    v.object({ contributes: v.record(v.string(), v.unknown()) }),
    JSON.parse(read('package.json')),
  );
  // The name of a tool is its id, and the descriptions of its input are read by a model.
  const json = JSON.stringify(
    contributes,
    (key, value: unknown) => (['inputSchema', 'modelDescription'].includes(key) ? undefined : value),
    1,
  ).replaceAll(/"name": "routerLens_\w+"/g, '');
  const literal = [...json.matchAll(shown)].map(([, , text]) => text);
  // The product's own name is not translated.
  expect(literal.filter(text => text !== 'Router Lens')).toEqual([]);
});
