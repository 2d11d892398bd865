/** @file Files that are whole or absent. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { removeTemporaryFiles, streamFileAtomically, writeFileAtomically } from './atomic-file';

const scratch = scratchFolder();
const bytes = (text: string): Uint8Array => Buffer.from(text);

function* failing(): Generator<Uint8Array> {
  yield bytes('half');
  throw new Error('disk on fire');
}

describe.each([
  [
    'writeFileAtomically',
    (file: string, chunks: Iterable<Uint8Array>): Promise<void> =>
      Promise.resolve().then(() => writeFileAtomically(file, chunks)),
  ],
  [
    'streamFileAtomically',
    (file: string, chunks: Iterable<Uint8Array>): Promise<void> =>
      streamFileAtomically(file, Readable.from(chunks)),
  ],
])('%s', (name, write) => {
  const folder = path.join(scratch, name);
  const file = path.join(folder, 'new', 'file');

  it('writes chunks in order, making the folder', async () => {
    await write(file, [bytes('one '), bytes('two')]);
    expect(readFileSync(file, 'utf8')).toBe('one two');
    expect(readdirSync(path.dirname(file))).toEqual(['file']);
  });

  it('keeps the old file, and nothing else, when the chunks end in an error', async () => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'old');
    await expect(write(file, failing())).rejects.toThrow('disk on fire');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(path.dirname(file))).toEqual(['file']);
  });
});

it('removeTemporaryFiles removes what processes left that were killed, and nothing else', () => {
  const folder = path.join(scratch, 'killed');
  mkdirSync(path.join(folder, 'deep'), { recursive: true });
  const names = ['run.json', 'run.json.123.tmp', 'deep/x.safetensors.4.tmp', 'deep/notes.tmp'];
  for (const name of names) writeFileSync(path.join(folder, name), '');
  removeTemporaryFiles(folder);
  expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()).toEqual(
    ['deep', path.join('deep', 'notes.tmp'), 'run.json'].sort(),
  );
});
