/**
 * @file `npm run l10n`: collects the texts of the code in l10n/bundle.l10n.json, which translators start from. With
 * `--check` it changes nothing and fails when the file is not in step with the code.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { getL10nJson } from '@vscode/l10n-dev';

import { root } from './lib/paths.mjs';
import { fail } from './lib/run.mjs';

const bundle = path.join(root, 'l10n/bundle.l10n.json');

function sources() {
  return ['src', 'webview'].flatMap(folder =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map(file => readFileSync(path.join(root, folder, file), 'utf8'))
      .map(contents => ({ extension: '.ts', contents: withNamespace(contents) })),
  );
}

/** The collector knows `l10n.t(…)` only. */
function withNamespace(contents) {
  if (!contents.includes("import { t } from '@vscode/l10n'")) return contents;
  return contents
    .replace("import { t } from '@vscode/l10n'", "import * as l10n from '@vscode/l10n'")
    .replaceAll(/(?<![\w.$])t\(/g, 'l10n.t(');
}

/** Sorted, so that what is added in two places can be merged. */
async function collected() {
  const texts = Object.entries(await getL10nJson(sources()));
  texts.sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`;
}

async function main() {
  const text = await collected();
  if (!process.argv.includes('--check')) writeFileSync(bundle, text);
  else if (!existsSync(bundle) || readFileSync(bundle, 'utf8') !== text)
    throw new Error('l10n/bundle.l10n.json is not in step with the texts in the code: run npm run l10n');
}

main().catch(fail);
