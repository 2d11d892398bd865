/** @file Masked sets on disk. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, test } from 'vitest';

import { maskFile, readMasks, writeMask } from './mask-files';
import type { MaskedSet } from './masked-set';

test('sets are written and read by name; what is none is told and left out', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rl-masks-'));
  try {
    const warnings: string[] = [];
    const read = (): unknown => readMasks(folder, line => void warnings.push(line));
    expect(read()).toEqual([]);
    const sets: MaskedSet[] = [
      { name: 'CE of swap', model: '/m', experts: { 0: [1, 2], 10: [3] } },
      { name: 'b', experts: { 1: [0] } },
    ];
    for (const set of sets) writeMask(folder, set);
    expect(read()).toEqual([sets[1], sets[0]]);
    expect(warnings).toEqual([]);
    mkdirSync(path.dirname(maskFile(folder, 'x')), { recursive: true });
    writeFileSync(maskFile(folder, 'broken'), '{"name": "broken", "experts": {"first": [1]}}');
    writeFileSync(maskFile(folder, 'copy'), '{"name": "other", "experts": {"2": [1]}}');
    expect(read()).toEqual([sets[1], sets[0], { name: 'copy', experts: { 2: [1] } }]);
    expect(warnings).toEqual([expect.stringMatching(/broken\.json: not a masked set/)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
