/** @file Checkpoint folders: whole, sharded, in a cache, incomplete, and such as try to reach other files. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { InputError } from '../../common/errors';
import { openCheckpointFiles } from './checkpoint-files';
import { readTensorFloat32 } from './safetensors-file';
import { writeSafetensors } from './safetensors-writer';

let root: string;
let folder: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'checkpoint-files-')));
  folder = path.join(root, 'checkpoint');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A file with one-element tensors of these names; the n-th holds n. */
function writeWeights(file: string, ...names: string[]): string {
  const tensors = names.map(
    (name, i) => ({ name, dtype: 'F32', shape: [1], data: Float32Array.of(i) }) as const,
  );
  writeSafetensors(file, tensors);
  return file;
}

function writeIndex(weightMap: unknown): string {
  const file = path.join(folder, 'model.safetensors.index.json');
  writeFileSync(file, JSON.stringify({ metadata: { total_size: 1 }, weight_map: weightMap }));
  return file;
}

function refusal(): string {
  try {
    openCheckpointFiles(folder);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const message = (error as Error).message;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('was accepted');
}

describe('a whole checkpoint', () => {
  it('may be a single file', () => {
    const file = writeWeights(path.join(folder, 'model.safetensors'), 'a', 'b');
    const checkpoint = openCheckpointFiles(folder);
    const bytes = readFileSync(file);
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE()));
    expect([...checkpoint.files]).toEqual([['model.safetensors', file]]);
    expect(checkpoint.bytes).toBe(bytes.length);
    expect(checkpoint.weightsSha256).toBe(createHash('sha256').update(header).digest('hex'));
    expect([...checkpoint.tensors.keys()]).toEqual(['a', 'b']);
    const b = checkpoint.tensors.get('b');
    expect(b && [...readTensorFloat32(b)]).toEqual([1]);
  });

  it('may be sharded', () => {
    const first = writeWeights(path.join(folder, 'model-1.safetensors'), 'a', '__proto__');
    const second = writeWeights(path.join(folder, 'model-2.safetensors'), 'c');
    const index = writeIndex({
      a: 'model-1.safetensors',
      c: 'model-2.safetensors',
      ['__proto__']: 'model-1.safetensors',
    });
    const checkpoint = openCheckpointFiles(folder);
    expect([...checkpoint.files]).toEqual([
      ['model-1.safetensors', first],
      ['model-2.safetensors', second],
    ]);
    expect(checkpoint.bytes).toBe(statSync(first).size + statSync(second).size);
    expect(checkpoint.weightsSha256).toBe(createHash('sha256').update(readFileSync(index)).digest('hex'));
    expect(Array.from(checkpoint.tensors, ([name, { file }]) => [name, file])).toEqual([
      ['a', first],
      ['c', second],
      ['__proto__', first],
    ]);
  });

  it('may be reached through a link to its folder, and hold links to files in it and hard links', () => {
    const elsewhere = writeWeights(path.join(root, 'elsewhere.safetensors'), 'a');
    linkSync(elsewhere, path.join(folder, 'weights.safetensors'));
    symlinkSync('weights.safetensors', path.join(folder, 'model.safetensors'));
    symlinkSync(folder, path.join(root, 'link'));
    expect([...openCheckpointFiles(path.join(root, 'link')).files]).toEqual([
      ['model.safetensors', path.join(folder, 'weights.safetensors')],
    ]);
  });

  it('may be a snapshot in the Hugging Face cache', () => {
    const entry = path.join(root, 'hub', 'models--org--name');
    const snapshot = path.join(entry, 'snapshots', '0123abcd');
    mkdirSync(snapshot, { recursive: true });
    const blob = writeWeights(path.join(entry, 'blobs', 'abcdef'), 'a');
    symlinkSync('../../blobs/abcdef', path.join(snapshot, 'model.safetensors'));
    expect([...openCheckpointFiles(snapshot).files]).toEqual([['model.safetensors', blob]]);

    rmSync(path.join(snapshot, 'model.safetensors'));
    writeWeights(path.join(root, 'hub', 'models--org--other', 'blobs', 'abcdef'), 'a');
    symlinkSync('../../../models--org--other/blobs/abcdef', path.join(snapshot, 'model.safetensors'));
    expect(() => openCheckpointFiles(snapshot)).toThrow(/outside the checkpoint/);
  });
});

describe('a folder without weights', () => {
  it.each([
    ['pytorch_model.bin', 'Convert them to safetensors'],
    ['consolidated.00.pth', 'Convert them to safetensors'],
    ['model.pt', 'Convert them to safetensors'],
    ['config.json', 'holds neither'],
  ])('with %s says what to do', (name, expected) => {
    writeFileSync(path.join(folder, name), '');
    expect(refusal()).toContain(expected);
  });

  it('may be absent or a file', () => {
    expect(() => openCheckpointFiles(path.join(root, 'absent'))).toThrow(/does not exist/);
    const file = writeWeights(path.join(folder, 'model.safetensors'), 'a');
    expect(() => openCheckpointFiles(file)).toThrow(InputError);
  });
});

describe('a damaged checkpoint', () => {
  it('names the tensor that is not where the index puts it', () => {
    writeWeights(path.join(folder, 'model-1.safetensors'), 'a');
    writeIndex({ a: 'model-1.safetensors', b: 'model-1.safetensors' });
    expect(refusal()).toContain('tensor "b" is not in model-1.safetensors');
  });

  it('names the file that is missing', () => {
    writeIndex({ a: 'model-1.safetensors' });
    expect(refusal()).toMatch(/model-1\.safetensors, which .*index\.json names, does not exist/);
    symlinkSync('nowhere', path.join(folder, 'model.safetensors'));
    expect(refusal()).toMatch(/model\.safetensors, which .* names, does not exist/);
  });

  it('names the file whose header is damaged', () => {
    writeFileSync(path.join(folder, 'model-1.safetensors'), 'nonsense');
    writeIndex({ a: 'model-1.safetensors' });
    expect(refusal()).toContain(path.join(folder, 'model-1.safetensors'));
  });

  it.each([undefined, null, [], {}, 'x', { a: 1 }, { a: null }, { a: ['model.safetensors'] }])(
    'refuses the weight map %j',
    weightMap => {
      writeIndex(weightMap);
      expect(refusal()).toContain('weight_map');
    },
  );

  it.each(['', '[]', 'null', '{', '{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}'])(
    'refuses the index %s',
    text => {
      writeFileSync(path.join(folder, 'model.safetensors.index.json'), text);
      expect(refusal()).toContain('index.json');
    },
  );
});

describe('ways out of the folder', () => {
  it.each([
    '../elsewhere.safetensors',
    '..\\elsewhere.safetensors',
    'sub/../../elsewhere.safetensors',
    'sub/model.safetensors',
    'sub\\model.safetensors',
    './model.safetensors',
    '/etc/model.safetensors',
    '//server/share/model.safetensors',
    '\\\\server\\share\\model.safetensors',
    '\\\\?\\C:\\model.safetensors',
    'C:\\model.safetensors',
    'C:model.safetensors',
    'file:model.safetensors',
    'model.safetensors:stream.safetensors',
    'model.safetensors\0.safetensors',
    'model\n.safetensors',
    '..',
    '.',
    '',
    '.safetensors',
    '/etc/passwd',
    'pytorch_model.bin',
    'model.safetensors ',
  ])('the index may not name %j', name => {
    writeWeights(path.join(root, 'elsewhere.safetensors'), 'a');
    mkdirSync(path.join(folder, 'sub'));
    writeWeights(path.join(folder, 'sub', 'model.safetensors'), 'a');
    writeIndex({ a: name });
    expect(refusal()).toContain(`tensor "a" points to ${JSON.stringify(name)}`);
  });

  it.each(['model.safetensors', 'model.safetensors.index.json'])(
    '%s may not be a link to a file elsewhere',
    name => {
      const elsewhere = writeWeights(path.join(root, 'elsewhere.safetensors'), 'a');
      for (const target of [
        '../elsewhere.safetensors',
        elsewhere,
        '../checkpoint/../elsewhere.safetensors',
      ]) {
        symlinkSync(target, path.join(folder, name));
        expect(refusal()).toContain('outside the checkpoint');
        rmSync(path.join(folder, name));
      }
    },
  );

  it('a shard may not be a link to a file elsewhere, nor lie behind a chain of links', () => {
    writeWeights(path.join(root, 'elsewhere.safetensors'), 'a');
    symlinkSync('../elsewhere.safetensors', path.join(folder, 'hop'));
    symlinkSync('hop', path.join(folder, 'model-1.safetensors'));
    writeIndex({ a: 'model-1.safetensors' });
    expect(refusal()).toContain('outside the checkpoint');
  });

  it('a folder beside it whose name begins alike is elsewhere', () => {
    writeWeights(path.join(root, 'checkpoint-2', 'model.safetensors'), 'a');
    symlinkSync('../checkpoint-2/model.safetensors', path.join(folder, 'model.safetensors'));
    expect(refusal()).toContain('outside the checkpoint');
  });

  it('the cache layout opens nothing above the model', () => {
    folder = path.join(root, 'models--org--name', 'snapshots');
    mkdirSync(folder, { recursive: true });
    writeWeights(path.join(root, 'models--org--name', 'blobs', 'abc'), 'a');
    symlinkSync('../blobs/abc', path.join(folder, 'model.safetensors'));
    expect(refusal()).toContain('outside the checkpoint');
  });

  it('a circle of links is refused', () => {
    symlinkSync('model.safetensors', path.join(folder, 'model.safetensors'));
    expect(refusal()).toContain('circle');
  });

  it('a folder or a pipe is not a weight file', () => {
    mkdirSync(path.join(folder, 'model.safetensors'));
    expect(refusal()).toContain('not a regular file');
    rmSync(path.join(folder, 'model.safetensors'), { recursive: true });
    execFileSync('mkfifo', [path.join(folder, 'model.safetensors')]);
    expect(refusal()).toContain('not a regular file');
  });
});
