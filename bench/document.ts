/** @file Puts results into docs/performance.md, between the marks of their case. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import { writeFileAtomically } from '../src/common/atomic-file';
import { InputError } from '../src/common/errors';
import type { BenchCase, BenchResult } from './bench-case';
import { type Machine, machineLine } from './machine';
import { markdownTable, tablesOf } from './tables';

const document = path.resolve(__dirname, '../../docs/performance.md');

/** Replaces the section of `benchCase`. @throws InputError if the document has none */
export async function writeToDocument(
  benchCase: BenchCase,
  result: BenchResult,
  { machine, repeats }: { machine: Machine; repeats: number },
): Promise<void> {
  const tables = tablesOf(benchCase, result).map(markdownTable);
  const runs = repeats === 1 ? 'one run each' : `medians of ${repeats} runs`;
  const date = new Date().toISOString().slice(0, 10);
  const section = [...tables, `${machineLine(machine)} · ${runs} · ${date}`].join('\n\n');
  const text = replaceSection(readFileSync(document, 'utf8'), benchCase.name, section);
  const style = await resolveConfig(document);
  writeFileAtomically(document, await format(text, { ...style, parser: 'markdown' }));
}

/** @throws InputError if the marks are not there, once each and in order */
export function replaceSection(text: string, name: string, section: string): string {
  const [before, rest, ...more] = text.split(`<!-- bench ${name} -->`);
  const end = rest?.indexOf(`<!-- end of ${name} -->`) ?? -1;
  if (end < 0 || more.length > 0) {
    throw new InputError(
      `docs/performance.md: needs <!-- bench ${name} --> and <!-- end of ${name} --> behind it, once each.`,
    );
  }
  return `${before}<!-- bench ${name} -->\n\n${section}\n\n${rest.slice(end)}`;
}
