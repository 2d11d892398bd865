/** @file Tensors of a safetensors file, read on demand. */
import { closeSync, fstatSync, openSync } from 'node:fs';

import { InputError } from '../../common/errors';
import { readFully, withInputErrors } from '../../common/file-access';
import { isFloatType, toFloat32 } from './float-types';
import { readSafetensorsHeader, type TensorEntry } from './safetensors-header';

/** A tensor and the file that it lies in. */
export interface LocatedTensor extends TensorEntry {
  /** Real path. */
  file: string;
}

/** The tensor's bytes as they are on disk, in memory aligned for its element type. */
export function readTensorBytes(tensor: LocatedTensor): Uint8Array<ArrayBuffer> {
  return withInputErrors(tensor.file, () => {
    const handle = openSync(tensor.file, 'r');
    try {
      if (fstatSync(handle).size < tensor.offset + tensor.byteLength) {
        throw new InputError(`${tensor.file} changed since it was opened. Run again when nothing writes it.`);
      }
      return readFully(tensor.file, handle, tensor.offset, tensor.byteLength);
    } finally {
      closeSync(handle);
    }
  });
}

/** The elements of an F32, F16, BF16 (exact) or F64 (rounded) tensor. */
export function readTensorFloat32(tensor: LocatedTensor): Float32Array<ArrayBuffer> {
  const { dtype } = tensor;
  if (dtype === 'F64') return new Float32Array(new Float64Array(readTensorBytes(tensor).buffer));
  if (!isFloatType(dtype)) throw wrongType(tensor, 'F32, F16, BF16 or F64');
  return toFloat32(dtype, readTensorBytes(tensor));
}

/** The elements of an integer or BOOL tensor. Throws {@link InputError} for a 64-bit value beyond 2⁵³. */
export function readTensorIntegers(tensor: LocatedTensor): number[] {
  const read = integerReaders[tensor.dtype];
  if (!read) throw wrongType(tensor, 'an integer type');
  const values = read(readTensorBytes(tensor).buffer);
  if (!values.every(Number.isSafeInteger)) {
    throw new InputError(`${tensor.file}: tensor ${JSON.stringify(tensor.name)} holds integers beyond 2^53.`);
  }
  return values;
}

const integerReaders: Partial<Record<TensorEntry['dtype'], (buffer: ArrayBuffer) => number[]>> = {
  I64: buffer => Array.from(new BigInt64Array(buffer), Number),
  U64: buffer => Array.from(new BigUint64Array(buffer), Number),
  I32: buffer => [...new Int32Array(buffer)],
  U32: buffer => [...new Uint32Array(buffer)],
  I16: buffer => [...new Int16Array(buffer)],
  U16: buffer => [...new Uint16Array(buffer)],
  I8: buffer => [...new Int8Array(buffer)],
  U8: buffer => [...new Uint8Array(buffer)],
  BOOL: buffer => [...new Uint8Array(buffer)],
};

function wrongType(tensor: LocatedTensor, expected: string): InputError {
  return new InputError(
    `${tensor.file}: tensor ${JSON.stringify(tensor.name)} is ${tensor.dtype}, but ${expected} is needed here.`,
  );
}

/** A safetensors file whose header has been checked. Holds no system resource; each read opens the file anew. */
export class SafetensorsFile {
  private constructor(
    readonly file: string,
    /** In the order of their bytes in the file. */
    readonly tensors: ReadonlyMap<string, TensorEntry>,
    readonly metadata: Readonly<Record<string, string>>,
  ) {}

  /** Reads and checks the header. Throws {@link InputError} if anything is wrong with the file. */
  static open(file: string): SafetensorsFile {
    const { tensors, metadata } = readSafetensorsHeader(file);
    return new SafetensorsFile(file, tensors, metadata);
  }

  /** See {@link readTensorFloat32}. */
  readFloat32(name: string): Float32Array<ArrayBuffer> {
    return readTensorFloat32(this.locate(name));
  }

  /** See {@link readTensorIntegers}. */
  readInt(name: string): number[] {
    return readTensorIntegers(this.locate(name));
  }

  /** See {@link readTensorBytes}. */
  readBytes(name: string): Uint8Array<ArrayBuffer> {
    return readTensorBytes(this.locate(name));
  }

  private locate(name: string): LocatedTensor {
    const entry = this.tensors.get(name);
    if (!entry) throw new InputError(`${this.file} has no tensor ${JSON.stringify(name)}.`);
    return { ...entry, file: this.file };
  }
}
