/** @file Every command of docs/walkthrough.md, run as it stands, in order, on a copy of the demo. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { RunRecordSchema } from '../../src/protocol/artifacts';
import { EvaluationSchema } from '../../src/protocol/evaluation';
import { runCli } from '../helpers/cli';
import { scratchFolder } from '../helpers/scratch';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'docs/walkthrough.md'), 'utf8');
const blocks = [...text.matchAll(/^```sh\n(?<commands>[^]*?)^```$/gm)].map(
  ({ groups }) => groups?.commands ?? '',
);
const commands = blocks.flatMap(block => block.trimEnd().split('\n'));

describe('docs/walkthrough.md', () => {
  const folder = path.join(scratchFolder(), 'demo');
  cpSync(path.join(root, 'demo'), folder, { recursive: true });

  it('has every command that there is', () => {
    const used = new Set(commands.map(command => command.split(' ')[1]));
    expect([...used].sort()).toEqual(
      ['analyze', 'evaluate', 'export', 'finetune', 'identify', 'inspect', 'report', 'trace'].sort(),
    );
  });

  it.each(commands)('%s', { timeout: 600_000 }, async command => {
    const [name, ...args] = command.split(' ');
    expect(name).toBe('router-lens');
    const { code, stderr } = await runCli(args, undefined, folder);
    expect(code, stderr).toBe(0);
    const out = args[args.indexOf('--out') + 1];
    if (args.includes('--out')) expect(existsSync(path.join(folder, out))).toBe(true);
  });

  it('leaves a model that follows the context more often than before', () => {
    const json = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    const { results } = v.parse(RunRecordSchema, json('.router-lens/runs/rt/run.json'));
    const base = results.base?.em ?? NaN;
    expect(results.tuned?.em).toBeGreaterThan(base);
    expect(v.parse(EvaluationSchema, json('.router-lens/ceft-swap.json')).em).toBeGreaterThan(base);
  });
});
