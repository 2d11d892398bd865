/** @file Writing and reading back, and the reference writer's own bytes. */
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { InputError } from '../../common/errors';
import { SafetensorsFile } from './safetensors-file';
import { readSafetensorsHeader, safetensorsDtypes, tensorByteLength } from './safetensors-header';
import { writeSafetensors } from './safetensors-writer';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'safetensors-file-'));
  file = path.join(folder, 'model.safetensors');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the writer', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  const written = (header: string) =>
    Buffer.concat([Buffer.of(header.length, 0, 0, 0, 0, 0, 0, 0), Buffer.from(header)]);

  it('writes the bytes that the reference writes', () => {
    writeSafetensors(file, [{ name: 'attn.0', dtype: 'F32', shape: [1, 2, 3], data }]);
    expect(readFileSync(file)).toEqual(
      Buffer.concat([
        written('{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}'),
        Buffer.from('000000000000803f0000004000004040000080400000a040', 'hex'),
      ]),
    );
  });

  it('pads the header with spaces to a multiple of eight', () => {
    writeSafetensors(file, [{ name: 'attn0', dtype: 'F32', shape: [1, 1, 2, 3], data }]);
    const header = '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ';
    expect(readFileSync(file).subarray(0, 80)).toEqual(written(header));
    writeSafetensors(file, []);
    expect(readFileSync(file)).toEqual(written('{}      '));
    writeSafetensors(file, [], { framework: 'pt' });
    expect(readFileSync(file)).toEqual(written('{"__metadata__":{"framework":"pt"}}     '));
  });

  it('orders by falling alignment, then by name, also names that look like numbers', () => {
    const one = (name: string, dtype: 'F32' | 'I64' | 'BF16' | 'U8', bytes: number) => ({
      name,
      dtype,
      shape: [1],
      data: new Uint8Array(bytes),
    });
    const tensors = [
      one('1', 'U8', 1),
      one('b', 'F32', 4),
      one('10', 'BF16', 2),
      one('a', 'F32', 4),
      one('z', 'I64', 8),
    ];
    writeSafetensors(file, tensors);
    expect([...readSafetensorsHeader(file).tensors.keys()]).toEqual(['z', 'a', 'b', '10', '1']);
  });

  it('refuses data that do not fit, and names that occur twice', () => {
    const tensor = { name: 'a', dtype: 'F32', shape: [6], data } as const;
    expect(() => writeSafetensors(file, [{ ...tensor, shape: [5] }])).toThrow('F32 [5]');
    expect(() => writeSafetensors(file, [tensor, tensor])).toThrow('Two tensors');
    expect(() => writeSafetensors(file, [{ ...tensor, name: '__metadata__' }])).toThrow('__metadata__');
  });

  it('replaces a file instead of writing into it', () => {
    writeSafetensors(file, [{ name: 'a', dtype: 'F32', shape: [6], data }]);
    const old = path.join(folder, 'another-name-of-the-old-file');
    linkSync(file, old);
    const before = readFileSync(old);
    writeSafetensors(file, [{ name: 'a', dtype: 'F32', shape: [6], data: new Float32Array(6) }]);
    expect(readFileSync(old)).toEqual(before);
    expect(statSync(file).ino).not.toBe(statSync(old).ino);
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('round trip', () => {
  it('gives back names, types, shapes, bytes and metadata', () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 });
    const tensor = fc
      .tuple(fc.string(), fc.constantFrom(...safetensorsDtypes), shape, fc.integer())
      // Sub-byte types fill whole bytes when a dimension is 4.
      .map(([name, dtype, dimensions, seed]) => {
        const whole = [...dimensions, 4];
        const data = Uint8Array.from({ length: tensorByteLength(dtype, whole) }, (_, i) => seed + 31 * i);
        return { name, dtype, shape: whole, data };
      });
    const tensors = fc.uniqueArray(tensor, { maxLength: 8, selector: t => t.name });
    const metadata = fc.dictionary(fc.string(), fc.string());
    const property = fc.property(tensors, metadata, (written, information) => {
      fc.pre(written.every(t => t.name !== '__metadata__'));
      writeSafetensors(file, written, information);
      const read = SafetensorsFile.open(file);
      expect(read.tensors.size).toBe(written.length);
      expect(Object.entries(read.metadata)).toEqual(Object.entries(information));
      for (const { name, dtype, shape: dimensions, data } of written) {
        expect(read.tensors.get(name)).toMatchObject({ dtype, shape: dimensions });
        expect(read.readBytes(name)).toEqual(data);
      }
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('gives back numbers', () => {
    writeSafetensors(file, [
      { name: 'f32', dtype: 'F32', shape: [2], data: Float32Array.of(0.5, -3) },
      { name: 'f64', dtype: 'F64', shape: [2], data: Float64Array.of(0.1, 1e300) },
      { name: 'bf16', dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0xc040) },
      { name: 'f16', dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc200) },
      { name: 'i64', dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 7n) },
      { name: 'i32', dtype: 'I32', shape: [2], data: Int32Array.of(-1, 7) },
      { name: 'i8', dtype: 'I8', shape: [2], data: Int8Array.of(-1, 7) },
      { name: 'bool', dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) },
      { name: 'large', dtype: 'I64', shape: [1], data: BigInt64Array.of(2n ** 53n) },
      { name: 'f8', dtype: 'F8_E4M3', shape: [1], data: Uint8Array.of(1) },
    ]);
    const read = SafetensorsFile.open(file);
    expect([...read.readFloat32('f32')]).toEqual([0.5, -3]);
    expect([...read.readFloat32('f64')]).toEqual([Math.fround(0.1), Infinity]);
    expect([...read.readFloat32('bf16')]).toEqual([1, -3]);
    expect([...read.readFloat32('f16')]).toEqual([1, -3]);
    expect(read.readInt('i64')).toEqual([-1, 7]);
    expect(read.readInt('i32')).toEqual([-1, 7]);
    expect(read.readInt('i8')).toEqual([-1, 7]);
    expect(read.readInt('bool')).toEqual([0, 1]);
    expect(() => read.readInt('large')).toThrow(InputError);
    expect(() => read.readFloat32('i64')).toThrow(/tensor "i64" is I64/);
    expect(() => read.readInt('f32')).toThrow(/tensor "f32" is F32/);
    expect(() => read.readFloat32('f8')).toThrow(InputError);
    expect(() => read.readBytes('absent')).toThrow(/no tensor "absent"/);
  });

  it('notices a file that became shorter', () => {
    writeSafetensors(file, [{ name: 'a', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }]);
    const read = SafetensorsFile.open(file);
    writeFileSync(file, 'gone');
    expect(() => read.readBytes('a')).toThrow(InputError);
  });
});
