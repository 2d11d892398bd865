/** @file Expert lists, read for a model. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import type { ContextDependence } from '../protocol/artifacts';
import { checkedMask, randomExperts, readExpertList, readMask } from './expert-list';

const scratch = scratchFolder();
const model = Model.open(writeTinyCheckpoint(path.join(scratch, 'tiny')), { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());

const write = (content: unknown): string => {
  const file = path.join(scratch, 'list.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};
const sides = { base: { 0: [1, 0, 0, 0] }, tuned: { 0: [0, 1, 0, 0] } };
const contextDependence: ContextDependence = {
  ...{ schema_version: 1, k: 1, top_k: 2, num_experts: 4, samples: 1 },
  ...{ ratio: sides, count: sides, ce: { 0: [1], 1: [3] }, oe: { 0: [0], 1: [2] } },
};

describe('readExpertList', () => {
  it('reads a list, or the context-faithful experts of a run', () => {
    expect(readExpertList(write({ experts: { 1: [0, 2] } }), model)).toEqual({ 1: [0, 2] });
    expect(readExpertList(write(contextDependence), model)).toEqual(contextDependence.ce);
  });

  it.each([
    ['no JSON', '{', /is not a list of experts/],
    ['something else', { experts: [1] }, /is not a list of experts/],
    ['an expert that does not exist', { experts: { 0: [4] } }, /layer 0 has no expert 4; it has 4/],
    ['a layer without router', { experts: { 2: [0] } }, /layer 2 has no router\. MoE layers: 0, 1/],
  ])('refuses %s', (_, content, message) => {
    const file = write(content);
    expect(() => readExpertList(file, model)).toThrow(InputError);
    expect(() => readExpertList(file, model)).toThrow(message);
  });
});

describe('randomExperts', () => {
  it('lists k different experts of each layer, with the seed', () => {
    const list = randomExperts(model.architecture, 2, 7);
    expect(Object.keys(list)).toEqual(['0', '1']);
    for (const experts of Object.values(list)) {
      expect(new Set(experts).size).toBe(2);
      expect(experts.every(expert => expert >= 0 && expert < 4)).toBe(true);
    }
    expect(randomExperts(model.architecture, 2, 7)).toEqual(list);
    const lists = Array.from({ length: 20 }, (_, seed) =>
      JSON.stringify(randomExperts(model.architecture, 2, seed)),
    );
    expect(new Set(lists).size).toBeGreaterThan(1);
  });

  it('chooses every expert equally often', () => {
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 1000; seed++)
      for (const expert of randomExperts(model.architecture, 1, seed)['0']) counts[expert]++;
    // 250 expected; the standard deviation is √(1000 · ¼ · ¾) = 13.7.
    for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(4 * 13.7);
  });
});

describe('checkedMask', () => {
  it('says where a list comes from that leaves too few experts', () => {
    expect(checkedMask({ 0: [1, 3] }, model, 'run')).toEqual(new Map([[0, [1, 3]]]));
    expect(() => checkedMask({ 0: [0, 1, 3] }, model, 'run')).toThrow(/^run: layer 0 would keep 1 of 4/);
  });
});

describe('readMask', () => {
  it('leaves each token as many experts as it is sent to', () => {
    expect(readMask(write({ experts: { 0: [1, 3, 3] } }), model)).toEqual(new Map([[0, [1, 3, 3]]]));
    expect(() => readMask(write({ experts: { 0: [0, 1, 3] } }), model)).toThrow(/would keep 1 of 4 experts/);
  });
});
