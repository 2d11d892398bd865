import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../test/helpers/scratch';
import { contentHash, Steps } from './steps';

const scratch = scratchFolder();
let folders = 0;
const newFolder = (): string => path.join(scratch, String(folders++));

/** A step that leaves a file; counts how often it runs. */
function work() {
  const run = (folder: string): Promise<void> => {
    writeFileSync(path.join(folder, 'result'), String(++counted.times));
    return Promise.resolve();
  };
  const counted = { times: 0, run };
  return counted;
}

describe('steps', () => {
  it('are kept from one process to the next, with the seconds they took', async () => {
    const [place, lines] = [newFolder(), [] as string[]];
    const counted = work();
    const first = new Steps(place, 'model', () => undefined);
    const folder = await first.run('tune', { lr: 1 }, counted.run);
    const second = new Steps(place, 'model', line => lines.push(line));
    expect(await second.run('tune', { lr: 1 }, counted.run)).toBe(folder);
    expect([counted.times, second.seconds]).toEqual([1, first.seconds]);
    expect(lines).toEqual([expect.stringMatching(/tune, .* kept from before$/)]);
  });

  it('run anew with other settings, or where what they depend on has changed', async () => {
    const place = newFolder();
    const counted = work();
    await new Steps(place, 'model', () => undefined).run('tune', { lr: 1 }, counted.run);
    await new Steps(place, 'model', () => undefined).run('tune', { lr: 2 }, counted.run);
    await new Steps(place, 'other', () => undefined).run('tune', { lr: 1 }, counted.run);
    expect([counted.times, readdirSync(place).length]).toEqual([3, 3]);
  });

  it('count once, however often they are asked for', async () => {
    const counted = work();
    const steps = new Steps(newFolder(), 'model', () => undefined);
    await steps.run('tune', {}, counted.run);
    const { seconds } = steps;
    await steps.run('tune', {}, counted.run);
    expect([counted.times, steps.seconds]).toEqual([1, seconds]);
  });

  it('begin without what an interrupted one has left', async () => {
    const steps = new Steps(newFolder(), 'model', () => undefined);
    const left: string[] = [];
    const failing = steps.run('tune', {}, folder => {
      left.push(path.join(folder, 'half'));
      writeFileSync(left[0], '');
      return Promise.reject(new Error('interrupted'));
    });
    await expect(failing).rejects.toThrow('interrupted');
    expect(existsSync(left[0])).toBe(true);
    const folder = await steps.run('tune', {}, work().run);
    expect(readdirSync(folder).sort()).toEqual(['result', 'step.json']);
  });
});

it('tells contents of files and folders apart', () => {
  const folder = newFolder();
  mkdirSync(path.join(folder, 'nested'), { recursive: true });
  const file = path.join(folder, 'weights');
  const hashWith = (content: string): string => {
    writeFileSync(file, content);
    return contentHash([folder]);
  };
  const [a, b] = [hashWith('a'), hashWith('b')];
  expect(a).not.toBe(b);
  expect(hashWith('a')).toBe(a);
  expect(contentHash([file])).toBe(a);
  rmSync(file);
  expect(contentHash([folder])).not.toBe(a);
});
