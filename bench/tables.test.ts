import { describe, expect, it } from 'vitest';

import type { BenchCase } from './bench-case';
import { replaceSection } from './document';
import { markdownTable, shown, tablesOf, textTable } from './tables';

describe('figures', () => {
  it.each([
    ['forward_s', 1.23456, '1.23 s'],
    ['private_gb', 0.5, '0.500 GB'],
    ['gemm_large_gflops', 210.4, '210 GFLOP/s'],
    ['decode_tokens_per_s', 12.34, '12.3 /s'],
    ['tokens', 1215, '1215'],
    ['loss_difference', 0.00000123, '1.2e-6'],
    ['memory_mode', 'mapped', 'mapped'],
  ])('%s %s is shown as %s', (key, value, text) => {
    expect(shown(key, value)).toBe(text);
  });
});

describe('tables', () => {
  const benchCase: BenchCase = {
    name: 'case',
    title: 'Case',
    labels: { step_s: 'Step', by_layers: 'Layers', layers: 'Number' },
    run: () => Promise.resolve({}),
  };
  const tables = tablesOf(benchCase, { step_s: 2.5, unlabelled: 1, by_layers: [{ layers: 4, step_s: 10 }] });

  it('hold what has a label, lists as tables of their own', () => {
    expect(tables.map(({ rows }) => rows)).toEqual([
      [
        ['', ''],
        ['Step', '2.50 s'],
      ],
      [
        ['Number', 'Step'],
        ['4', '10 s'],
      ],
    ]);
  });

  it('are aligned as text and titled in Markdown', () => {
    expect(textTable(tables[1])).toBe('  Layers\n  Number  Step\n  4       10 s');
    expect(markdownTable(tables[1])).toBe('Layers:\n\n| Number | Step |\n| --- | ---: |\n| 4 | 10 s |');
  });
});

describe('the document', () => {
  const text =
    'before\n<!-- bench a -->\nold\n<!-- end of a -->\nafter\n<!-- bench b -->\n<!-- end of b -->\n';

  it('gets the section of one case and keeps the rest', () => {
    expect(replaceSection(text, 'a', 'new')).toBe(
      'before\n<!-- bench a -->\n\nnew\n\n<!-- end of a -->\nafter\n<!-- bench b -->\n<!-- end of b -->\n',
    );
  });

  it('must have the marks', () => {
    expect(() => replaceSection(text, 'c', 'new')).toThrow('<!-- bench c -->');
    expect(() => replaceSection(`${text}<!-- bench a -->`, 'a', 'new')).toThrow('once each');
  });
});
