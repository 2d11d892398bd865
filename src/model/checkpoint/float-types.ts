/** @file The types that weights may be stored in, and the way between them and float32. */
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half-precision';

export const floatTypes = ['F32', 'F16', 'BF16'] as const;
export type FloatType = (typeof floatTypes)[number];

export function isFloatType(type: string): type is FloatType {
  return (floatTypes as readonly string[]).includes(type);
}

/** Elements as they are stored, from the beginning of their buffer on, in float32: exact. */
export function toFloat32(type: FloatType, { buffer }: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  switch (type) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
  }
}

/** Values as they are stored, each rounded to the nearest, ties to even. */
export function fromFloat32(type: FloatType, values: Float32Array): Uint8Array {
  const stored = storedValues(type, values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function storedValues(type: FloatType, values: Float32Array): Float32Array | Uint16Array {
  switch (type) {
    case 'F32':
      return values;
    case 'F16':
      return float32ToFloat16(values);
    case 'BF16':
      return float32ToBfloat16(values);
  }
}
