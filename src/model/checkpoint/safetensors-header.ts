/**
 * @file The header of a safetensors file, read as strictly as the format's reference implementation reads it: every
 * byte of the file belongs to exactly one tensor, so that nothing can be hidden in it or read past its end.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';

import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { readFully, withInputErrors } from '../../common/file-access';
import { parseStrictJson } from './strict-json';

/** Bits of one element of each type of the format, in the order in which the reference writer lays tensors out. */
const bitsPerElement = {
  U64: 64,
  I64: 64,
  F64: 64,
  C64: 64,
  F32: 32,
  U32: 32,
  I32: 32,
  BF16: 16,
  F16: 16,
  U16: 16,
  I16: 16,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  I8: 8,
  U8: 8,
  F6_E3M2: 6,
  F6_E2M3: 6,
  F4: 4,
  BOOL: 8,
} as const;

export type SafetensorsDtype = keyof typeof bitsPerElement;

/** All types, by falling alignment. */
export const safetensorsDtypes = Object.keys(bitsPerElement) as SafetensorsDtype[];

/** Where a tensor's elements lie: little-endian, row-major, without gaps. */
export interface TensorEntry {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  /** Absolute byte offset in the file. */
  offset: number;
  byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  tensors: Map<string, TensorEntry>;
  metadata: Record<string, string>;
  /** SHA-256 of the header's bytes, padding included. */
  headerSha256: string;
  fileBytes: number;
}

/** The reference implementation's limit. */
const maximumHeaderBytes = 100_000_000;
const lengthBytes = 8;
const maximumRank = 32;

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const ShapeSchema = v.pipe(
  v.custom<unknown[]>(value => Array.isArray(value) && value.length <= maximumRank),
  v.array(index),
);
const HeaderEntrySchema = v.object({
  dtype: v.picklist(safetensorsDtypes),
  shape: ShapeSchema,
  data_offsets: v.tuple([index, index]),
});
const MetadataSchema = v.pipe(
  v.custom<Record<string, unknown>>(
    value => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
  v.transform(value => Object.entries(value)),
  v.array(v.tuple([v.string(), v.string()])),
);

/** Reads and checks the header; the tensors themselves are not read. Throws {@link InputError} for any flaw. */
export function readSafetensorsHeader(file: string): SafetensorsHeader {
  return withInputErrors(file, () => {
    const handle = openSync(file, 'r');
    try {
      const fileBytes = fstatSync(handle).size;
      return parseSafetensorsHeader(file, readHeaderBytes(file, handle, fileBytes), fileBytes);
    } finally {
      closeSync(handle);
    }
  });
}

/**
 * Checks the bytes of a header.
 * @param file what error messages begin with
 * @param fileBytes length of the whole file
 */
export function parseSafetensorsHeader(
  file: string,
  header: Uint8Array,
  fileBytes: number,
): SafetensorsHeader {
  if (header[0] !== '{'.charCodeAt(0)) throw damaged(file, 'has a header that does not start with {');
  const { tensors, metadata } = parseEntries(file, header);
  const dataStart = lengthBytes + header.length;
  return {
    tensors: layOut(file, tensors, dataStart, fileBytes - dataStart),
    metadata,
    headerSha256: createHash('sha256').update(header).digest('hex'),
    fileBytes,
  };
}

/**
 * Bytes of a tensor.
 * @throws RangeError where the number has no exact representation or sub-byte elements do not fill whole bytes
 */
export function tensorByteLength(dtype: SafetensorsDtype, shape: readonly number[]): number {
  let bits: number = bitsPerElement[dtype];
  // Largest first would hide an overflow behind a zero; the reference multiplies in order, too.
  for (const dimension of shape) {
    bits *= dimension;
    if (!Number.isSafeInteger(bits)) throw new RangeError('has a shape whose size overflows');
  }
  if (bits % 8 !== 0) throw new RangeError('does not fill whole bytes');
  return bits / 8;
}

function readHeaderBytes(file: string, handle: number, fileBytes: number): Uint8Array {
  if (fileBytes < lengthBytes) throw damaged(file, `is only ${fileBytes} bytes long`);
  const lengthField = Buffer.from(readFully(file, handle, 0, lengthBytes));
  const length = lengthField.readBigUInt64LE();
  if (length > maximumHeaderBytes) {
    throw damaged(file, `claims a header of ${length} bytes; the limit is ${maximumHeaderBytes}`);
  }
  if (Number(length) > fileBytes - lengthBytes) throw damaged(file, 'ends before its header does');
  return readFully(file, handle, lengthBytes, Number(length));
}

interface HeaderEntry extends v.InferOutput<typeof HeaderEntrySchema> {
  name: string;
}

function parseEntries(
  file: string,
  header: Uint8Array,
): { tensors: HeaderEntry[]; metadata: Record<string, string> } {
  const parsed = parseStrictJson(decodeUtf8(file, header), `${file}: the header`);
  const tensors: HeaderEntry[] = [];
  let metadata: Record<string, string> = {};
  // Own entries only, kept in maps and arrays: a tensor called __proto__ is one like any other.
  for (const [name, value] of Object.entries(parsed as object)) {
    if (name === '__metadata__') metadata = parseMetadata(file, value);
    else tensors.push(parseEntry(file, name, value));
  }
  return { tensors, metadata };
}

function decodeUtf8(file: string, header: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw damaged(file, 'has a header that is not UTF-8');
  }
}

function parseMetadata(file: string, value: unknown): Record<string, string> {
  const result = v.safeParse(MetadataSchema, value);
  if (!result.success) throw damaged(file, 'has a __metadata__ that is not a map from strings to strings');
  return Object.fromEntries(result.output);
}

function parseEntry(file: string, name: string, value: unknown): HeaderEntry {
  const result = v.safeParse(HeaderEntrySchema, value);
  if (result.success) return { name, ...result.output };
  const field = v.getDotPath(result.issues[0])?.split('.')[0];
  throw damagedTensor(
    file,
    name,
    field ? `has a missing or invalid ${field}` : 'is not described by an object',
  );
}

/** Offsets must be contiguous from 0 to the end of the file, and each range as long as shape and type say. */
function layOut(
  file: string,
  entries: HeaderEntry[],
  dataStart: number,
  dataBytes: number,
): Map<string, TensorEntry> {
  const byOffset = [...entries].sort(
    (a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  const tensors = new Map<string, TensorEntry>();
  let expected = 0;
  for (const { name, dtype, shape, data_offsets } of byOffset) {
    const [begin, end] = data_offsets;
    if (begin < expected) throw damagedTensor(file, name, 'overlaps another tensor');
    if (begin > expected)
      throw damagedTensor(file, name, `leaves a hole of ${begin - expected} bytes before it`);
    if (end < begin) throw damagedTensor(file, name, 'ends before it begins');
    if (end > dataBytes) throw damagedTensor(file, name, 'reaches past the end of the file');
    const byteLength = checkedByteLength(file, name, dtype, shape);
    if (end - begin !== byteLength) {
      throw damagedTensor(
        file,
        name,
        `has ${end - begin} bytes where ${dtype} [${shape.join(', ')}] needs ${byteLength}`,
      );
    }
    tensors.set(name, { name, dtype, shape, offset: dataStart + begin, byteLength });
    expected = end;
  }
  if (expected !== dataBytes)
    throw damaged(file, `has ${dataBytes - expected} bytes that belong to no tensor`);
  return tensors;
}

function checkedByteLength(file: string, name: string, dtype: SafetensorsDtype, shape: number[]): number {
  try {
    return tensorByteLength(dtype, shape);
  } catch (error) {
    if (error instanceof RangeError) throw damagedTensor(file, name, error.message);
    throw error;
  }
}

function damaged(file: string, what: string): InputError {
  return new InputError(`${file}: the safetensors file ${what}. Download or write it again.`);
}

function damagedTensor(file: string, name: string, what: string): InputError {
  return new InputError(`${file}: tensor ${JSON.stringify(name)} ${what}. Download or write the file again.`);
}
