/** @file `npm run reproduce -- --quick` from end to end, on the demo. */
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';

import { RunFolder } from '../../src/lens/run-folder';
import { EvaluationSchema } from '../../src/protocol/evaluation';
import { scratchFolder } from '../helpers/scratch';
import { svgElements } from '../helpers/svg';

const root = path.resolve(import.meta.dirname, '../..');
const scratch = scratchFolder();
const demo = path.join(scratch, 'demo');
const steps = path.join(demo, '.router-lens/reproduce');
const docs = path.join(scratch, 'docs');

/** Reproduces on the copy of the demo. @returns names of the steps that ran, and of those kept from before */
async function reproduce(): Promise<{ ran: string[]; kept: string[] }> {
  const args = ['scripts/run-bundled.mjs', 'reproduce', 'main', '--quick', '--demo', demo, '--docs', docs];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise(resolve => child.once('close', resolve));
  expect([code, code === 0 ? '' : said]).toEqual([0, '']);
  const lines = said.trimEnd().split('\n');
  const names = (those: readonly string[]): string[] =>
    those.map(line => /min {2}(.+?), [\d.]+ s/.exec(line)?.[1] ?? line);
  const isKept = (line: string): boolean => line.endsWith('kept from before');
  return { ran: names(lines.filter(line => !isKept(line))), kept: names(lines.filter(isKept)) };
}

const results = (): string => readFileSync(path.join(docs, 'results.md'), 'utf8');
/** What is called `name` in the folders of the steps whose names begin so. */
const found = (step: string, name: string): string[] =>
  readdirSync(steps)
    .filter(folder => folder.startsWith(step))
    .sort()
    .map(folder => path.join(steps, folder, name));

let first: Awaited<ReturnType<typeof reproduce>>;
beforeAll(async () => {
  const isRun = (source: string): boolean => path.basename(source) === '.router-lens';
  cpSync(path.join(root, 'demo'), demo, { recursive: true, filter: source => !isRun(source) });
  first = await reproduce();
});

describe('reproduce --quick', () => {
  it('runs every step and writes the document with its pictures', () => {
    expect(first.kept).toEqual([]);
    const heads = [...results().matchAll(/^## (.+)$/gm)].map(([, head]) => head);
    expect(heads.length).toBe(9);
    const pictures = [...results().matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)];
    expect(pictures.length).toBe(5);
    for (const [, picture] of pictures)
      expect(svgElements(readFileSync(path.join(docs, picture), 'utf8'))[0].name).toBe('svg');
    expect(results()).not.toMatch(/NaN|undefined|null/);
  });

  it('writes the scores that the evaluations found', () => {
    const em = [0, 1].map(seed => {
      const [file] = found(`rt-seed-${seed}-answers-swap-`, 'answers.json');
      return v.parse(EvaluationSchema, JSON.parse(readFileSync(file, 'utf8'))).em;
    });
    const [mean, deviation] = [(em[0] + em[1]) / 2, Math.abs(em[0] - em[1]) / Math.SQRT2];
    const cell = `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`;
    expect(results()).toMatch(new RegExp(`^\\| RT +\\| +${cell} \\|`, 'm'));
  });

  it('tunes with the learning rate of the lowest dev loss', () => {
    const trials = found('rt-swap-seed-0-lr-', 'run').map(folder => RunFolder.open(folder).record());
    expect(trials.length).toBe(2);
    const [best] = trials.sort((a, b) => (a.results.dev_loss ?? NaN) - (b.results.dev_loss ?? NaN));
    const [other] = found('rt-swap-seed-1-lr-', 'run').map(folder => RunFolder.open(folder).record());
    expect(other.settings.lr).toBe(best.settings.lr);
  });

  it('goes on where it was interrupted, and comes to the same', async () => {
    const before = results();
    const [interrupted] = found('esft-swap-seed-1-', 'step.json');
    rmSync(interrupted);
    const second = await reproduce();
    const name = path.basename(path.dirname(interrupted)).replace(/-[0-9a-f]{12}$/, '');
    expect(second.ran).toEqual([name]);
    expect([...second.ran, ...second.kept].sort()).toEqual(first.ran.sort());
    // Without the line of machine, date and time, without what the repeated tuning took, and the widths of columns.
    const comparable = (text: string): string[] =>
      text
        .split('\n')
        .filter(line => !/ minutes in all$|^\| ESFT /.test(line))
        .map(line => line.replaceAll(/(?<=[ -])[ -]+/g, ''));
    expect(comparable(results())).toEqual(comparable(before));
  });
});
