/** @file The negative cases of the format's reference implementation, one by one, and headers made at random. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { InputError } from '../../common/errors';
import {
  parseSafetensorsHeader,
  readSafetensorsHeader,
  safetensorsDtypes,
  tensorByteLength,
} from './safetensors-header';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'safetensors-header-'));
  file = path.join(folder, 'model.safetensors');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file with this header and this many zero bytes of data. */
function write(header: string | Uint8Array, dataBytes: number, claimedLength?: bigint): void {
  const bytes = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedLength ?? BigInt(bytes.length));
  writeFileSync(file, Buffer.concat([length, bytes, Buffer.alloc(dataBytes)]));
}

function read(header: string | Uint8Array, dataBytes = 0, claimedLength?: bigint) {
  write(header, dataBytes, claimedLength);
  return readSafetensorsHeader(file);
}

/** The one line that the file is refused with. */
function refusal(header: string | Uint8Array, dataBytes = 0, claimedLength?: bigint): string {
  write(header, dataBytes, claimedLength);
  return refusalOf(() => readSafetensorsHeader(file));
}

function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const message = (error as Error).message;
    expect(message).not.toContain('\n');
    expect(message).toContain(folder);
    return message;
  }
  throw new Error('was accepted');
}

const tensor = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const matrix = `{"test":${tensor('I32', '[2,2]', '[0,16]')}}`;

describe('what the format allows', () => {
  it('reads a tensor, its absolute offset and the hash of the header', () => {
    const header = read(matrix, 16);
    expect([...header.tensors.values()]).toEqual([
      { name: 'test', dtype: 'I32', shape: [2, 2], offset: 8 + matrix.length, byteLength: 16 },
    ]);
    expect(header.fileBytes).toBe(8 + matrix.length + 16);
    expect(header.headerSha256).toBe(createHash('sha256').update(matrix).digest('hex'));
    expect(header.metadata).toEqual({});
  });

  it('reads a scalar (empty shape)', () => {
    expect(read(`{"test":${tensor('I32', '[]', '[0,4]')}}`, 4).tensors.get('test')).toMatchObject({
      shape: [],
      byteLength: 4,
    });
  });

  it('reads a tensor without elements', () => {
    expect(read(`{"test":${tensor('I32', '[2,0]', '[0, 0]')}}`).tensors.get('test')).toMatchObject({
      shape: [2, 0],
      byteLength: 0,
    });
  });

  it('reads a header padded with any JSON white space', () => {
    expect(read('{}\r \t\n').tensors.size).toBe(0);
  });

  it('orders tensors by their bytes, whatever the order of the names', () => {
    const header = `{"b":${tensor('U8', '[1]', '[1,2]')},"a":${tensor('U8', '[1]', '[2,3]')},"c":${tensor('U8', '[1]', '[0,1]')}}`;
    expect([...read(header, 3).tensors.keys()]).toEqual(['c', 'b', 'a']);
  });

  it('takes __proto__ for a name like any other', () => {
    const header = read(`{"__proto__":${tensor('U8', '[1]', '[0,1]')},"__metadata__":{"__proto__":"x"}}`, 1);
    expect(header.tensors.get('__proto__')?.byteLength).toBe(1);
    expect(Object.entries(header.metadata)).toEqual([['__proto__', 'x']]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('counts bits of types smaller than a byte', () => {
    expect(read(`{"test":${tensor('F4', '[3,2]', '[0,3]')}}`, 3).tensors.get('test')?.byteLength).toBe(3);
    expect(refusal(`{"test":${tensor('F4', '[3]', '[0,2]')}}`, 2)).toContain('does not fill whole bytes');
  });
});

describe('the length field', () => {
  it('refuses an empty file', () => {
    writeFileSync(file, '');
    expect(refusalOf(() => readSafetensorsHeader(file))).toContain('0 bytes long');
  });

  it('refuses a header above the limit without reading it', () => {
    expect(refusal(matrix, 16, 0xffffff000000003cn)).toContain('18446742974197923900');
    expect(refusal(matrix, 16, 100_000_001n)).toContain('the limit is 100000000');
  });

  it('refuses a header longer than the file', () => {
    expect(refusal('', 0, 60n)).toContain('ends before its header does');
    expect(refusal(matrix, 0, BigInt(matrix.length + 1))).toContain('ends before its header does');
  });
});

describe('the header as text', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['no text at all', '', 'does not start with {'],
    ['bytes that are not UTF-8', Uint8Array.of(0xff), 'does not start with {'],
    [
      'bytes that are not UTF-8 inside',
      Buffer.concat([Buffer.from('{"'), Buffer.of(0xff), Buffer.from('":1}')]),
      'UTF-8',
    ],
    ['an object that does not end', '{', 'not valid JSON'],
    ['white space first', '\t\n{}\r ', 'does not start with {'],
    ['a byte order mark first', '\ufeff{}', 'does not start with {'],
    ['an array', '[]', 'does not start with {'],
    ['two objects', '{}{}', 'not valid JSON'],
    ['a string that does not end', '{"a', 'not valid JSON'],
    ['a key with a bad escape', '{"\\q":1}', 'not valid JSON'],
    ['deep nesting', `{"a":${'['.repeat(1_000_000)}`, 'levels deep'],
  ])('refuses %s', (_, header, expected) => {
    expect(refusal(header)).toContain(expected);
  });

  it('refuses duplicate keys at every level, however they are spelt', () => {
    const one = tensor('U8', '[1]', '[0,1]');
    expect(refusal(`{"a":${one},"a":${one}}`, 1)).toContain('the key "a" twice');
    expect(refusal(`{"a":${one},"\\u0061" :${one}}`, 1)).toContain('the key "a" twice');
    expect(refusal('{"__metadata__":{},"__metadata__":{}}')).toContain('"__metadata__" twice');
    expect(refusal('{"__metadata__":{"format":"pt","format":"tf"}}')).toContain('"format" twice');
    expect(refusal('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1)).toContain(
      '"dtype" twice',
    );
  });

  it('does not take quotes, braces and colons inside strings for structure', () => {
    expect(read('{"__metadata__":{"a":"\\"a\\":{[","b":"\\\\","c":"a"}}').metadata).toEqual({
      a: '"a":{[',
      b: '\\',
      c: 'a',
    });
  });
});

describe('tensor entries', () => {
  it.each<[string, string, string]>([
    ['a list', '[]', 'invalid dtype'],
    ['null', 'null', 'not described by an object'],
    ['no type', '{"shape":[1],"data_offsets":[0,1]}', 'invalid dtype'],
    ['an unknown type', tensor('F5', '[1]', '[0,1]'), 'invalid dtype'],
    ["a type that is an object's own", tensor('constructor', '[1]', '[0,1]'), 'invalid dtype'],
    ['no shape', '{"dtype":"U8","data_offsets":[0,1]}', 'invalid shape'],
    ['a negative dimension', tensor('U8', '[-1]', '[0,1]'), 'invalid shape'],
    ['a fractional dimension', tensor('U8', '[0.5]', '[0,1]'), 'invalid shape'],
    ['a dimension that is text', tensor('U8', '["1"]', '[0,1]'), 'invalid shape'],
    ['a dimension of 2^53', tensor('U8', '[9007199254740992]', '[0,1]'), 'invalid shape'],
    ['very many dimensions', tensor('U8', `[${'1,'.repeat(99)}1]`, '[0,1]'), 'invalid shape'],
    ['no offsets', '{"dtype":"U8","shape":[1]}', 'invalid data_offsets'],
    ['one offset', tensor('U8', '[1]', '[0]'), 'invalid data_offsets'],
    ['negative offsets', tensor('U8', '[1]', '[-1,0]'), 'invalid data_offsets'],
    ['an offset of 2^53', tensor('U8', '[1]', '[0,9007199254740992]'), 'invalid data_offsets'],
  ])('refuses %s', (_, entry, expected) => {
    const message = refusal(`{"weights":${entry}}`, 1);
    expect(message).toContain(expected);
    expect(message).toContain('"weights"');
  });

  it.each(['null', '[]', '"x"', '{"format":1}', '{"format":null}', '{"format":{}}'])(
    'refuses __metadata__ %s',
    metadata => {
      expect(refusal(`{"__metadata__":${metadata}}`)).toContain('strings to strings');
    },
  );
});

describe('the layout', () => {
  it('refuses ten tensors on the same bytes', () => {
    const entries = Array.from({ length: 10 }, (_, i) => `"weight_${i}":${tensor('F32', '[2,2]', '[0,16]')}`);
    expect(refusal(`{${entries.join(',')}}`, 16)).toMatch(/tensor "weight_\d" overlaps another/);
  });

  it('refuses tensors that overlap in part', () => {
    const header = `{"a":${tensor('U8', '[4]', '[0,4]')},"b":${tensor('U8', '[4]', '[3,7]')}}`;
    expect(refusal(header, 7)).toContain('tensor "b" overlaps another');
  });

  it('refuses holes', () => {
    expect(refusal(`{"a":${tensor('U8', '[4]', '[2,6]')}}`, 6)).toContain(
      'tensor "a" leaves a hole of 2 bytes',
    );
    const header = `{"a":${tensor('U8', '[2]', '[0,2]')},"b":${tensor('U8', '[2]', '[3,5]')}}`;
    expect(refusal(header, 5)).toContain('tensor "b" leaves a hole of 1 bytes');
  });

  it('refuses bytes that belong to no tensor (files that are two things at once)', () => {
    const bogus = 'extra_bogus_data_for_polyglot_file';
    expect(refusal(matrix, 16 + bogus.length)).toContain(`${bogus.length} bytes that belong to no tensor`);
    expect(refusal('{}', 1)).toContain('1 bytes that belong to no tensor');
  });

  it('refuses a file that ends too early', () => {
    expect(refusal(matrix, 14)).toContain('tensor "test" reaches past the end of the file');
  });

  it('refuses an end before the begin', () => {
    const header = `{"a":${tensor('U8', '[4]', '[0,4]')},"b":${tensor('U8', '[0]', '[4,2]')}}`;
    expect(refusal(header, 4)).toContain('tensor "b" ends before it begins');
  });

  it('refuses a range that does not fit shape and type', () => {
    expect(refusal(`{"test":${tensor('I32', '[2,2]', '[0, 4]')}}`, 4)).toContain(
      'tensor "test" has 4 bytes where I32 [2, 2] needs 16',
    );
  });

  it('refuses shapes whose size overflows', () => {
    expect(refusal(`{"test":${tensor('I32', '[2,18446744073709551614]', '[0,16]')}}`, 16)).toContain(
      'invalid shape',
    );
    expect(refusal(`{"test":${tensor('I32', '[2,9223372036854775807]', '[0,16]')}}`, 16)).toContain(
      'invalid shape',
    );
    // The product is 2^64 + 16 bytes, which a careless 64-bit multiplication takes for 16.
    expect(refusal(`{"test":${tensor('U8', '[4294967296,4294967296]', '[0,16]')}}`, 16)).toContain(
      'overflows',
    );
    expect(refusal(`{"test":${tensor('U8', '[9007199254740991,2,0]', '[0,0]')}}`)).toContain('overflows');
  });
});

describe('files that are none', () => {
  it('says so', () => {
    expect(refusalOf(() => readSafetensorsHeader(path.join(folder, 'absent')))).toContain('does not exist');
    mkdirSync(path.join(folder, 'sub'));
    expect(refusalOf(() => readSafetensorsHeader(path.join(folder, 'sub')))).toContain('is a folder');
  });
});

describe('random headers', () => {
  /** Refused with an InputError, or read with every byte in exactly one tensor: nothing else may happen. */
  function isHandled(header: string | Uint8Array, dataBytes: number): void {
    const bytes = Buffer.from(header);
    const fileBytes = 8 + bytes.length + dataBytes;
    try {
      let next = 8 + bytes.length;
      for (const { offset, byteLength } of parseSafetensorsHeader(file, bytes, fileBytes).tensors.values()) {
        expect(offset).toBe(next);
        next += byteLength;
      }
      expect(next).toBe(fileBytes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }

  const json = fc.jsonValue({ maxDepth: 3, depthSize: 'xsmall' });
  const nearlyEntry = fc.record(
    {
      dtype: fc.oneof(fc.constantFrom(...safetensorsDtypes), fc.string()),
      shape: fc.oneof(fc.array(fc.nat(5)), fc.array(fc.maxSafeInteger()), json),
      data_offsets: fc.oneof(fc.tuple(fc.nat(40), fc.nat(40)), fc.array(fc.double()), json),
    },
    { requiredKeys: [] },
  );
  const nearlyHeader = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', '__metadata__', 'constructor', 'toString')),
    fc.oneof(nearlyEntry, fc.dictionary(fc.string(), fc.string()), json),
  );

  it('never do more than be refused: bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), (bytes, data) =>
      isHandled(Buffer.concat([Buffer.from('{'), bytes]), data),
    );
    fc.assert(property, { numRuns: 3000 });
  });

  it('never do more than be refused: JSON', () => {
    const property = fc.property(nearlyHeader, fc.nat(60), (header, data) =>
      isHandled(JSON.stringify(header), data),
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('never do more than be refused: a valid header with a few characters changed, or cut off', () => {
    const valid = `{"__metadata__":{"format":"pt"},"a":${tensor('BF16', '[2,3]', '[0,12]')},"b":${tensor('I64', '[1]', '[12,20]')}}`;
    const change = fc.tuple(fc.nat(valid.length - 1), fc.constantFrom(...'{}[]",:\\0123456789eE.- ab\u0000'));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const property = fc.property(changes, fc.nat(valid.length), (replaced, length) => {
      const characters = [...valid];
      for (const [at, character] of replaced) characters[at] = character;
      isHandled(characters.join(''), 20);
      isHandled(valid.slice(0, length), 20);
    });
    fc.assert(property, { numRuns: 5000 });
  });
});

describe('tensorByteLength', () => {
  it('is the product in bits, exactly, or refused', () => {
    const property = fc.property(
      fc.constantFrom(...safetensorsDtypes),
      fc.array(fc.oneof(fc.nat(9), fc.maxSafeInteger().map(Math.abs)), { maxLength: 4 }),
      (dtype, shape) => {
        const bits = BigInt(/\d+/.exec(dtype)?.[0] ?? 8);
        const products = shape.map((_, i) => shape.slice(0, i + 1).reduce((a, b) => a * BigInt(b), bits));
        const total = products.at(-1) ?? bits;
        if (products.some(p => p > Number.MAX_SAFE_INTEGER) || total % 8n !== 0n) {
          expect(() => tensorByteLength(dtype, shape)).toThrow(RangeError);
        } else {
          expect(tensorByteLength(dtype, shape)).toBe(Number(total / 8n));
        }
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });
});
