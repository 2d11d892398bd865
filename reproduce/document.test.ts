import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../test/helpers/scratch';
import { svgElements } from '../test/helpers/svg';
import { claimsOf } from './claims';
import { resultsDocument, writeResults } from './document';
import { twoSeeds } from './testing/measurements';

const scratch = scratchFolder();
const circumstances = { machine: 'a machine', date: new Date('2026-11-27'), seconds: 750, quick: false };

describe('results.md', () => {
  const text = resultsDocument(twoSeeds, circumstances);

  it('says where, when and how long', () => {
    expect(text).toContain('a machine · 2026-11-27 · 12.5 minutes in all');
  });

  it('says so when it means nothing', () => {
    const warning = 'The numbers mean nothing';
    expect(text).not.toContain(warning);
    expect(resultsDocument(twoSeeds, { ...circumstances, quick: true })).toContain(warning);
  });

  it('has every claim with its verdict', () => {
    for (const { statement, verdict } of claimsOf(twoSeeds)) {
      expect(text).toContain(`| ${statement} | **${verdict}** |`);
    }
  });

  it('counts the questions of each test', () => {
    expect(text).toMatch(/40 whose .* 20 whose .* 10 without a context/);
    expect(text).toContain('(6 or 5 questions)');
  });

  it('is written with all pictures that it shows', async () => {
    const file = await writeResults(scratch, twoSeeds, circumstances);
    const pictures = [...readFileSync(file, 'utf8').matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)];
    expect(pictures.length).toBe(5);
    for (const [, picture] of pictures) {
      expect(svgElements(readFileSync(path.join(scratch, picture), 'utf8'))[0].name).toBe('svg');
    }
  });
});
