/** @file Conversions between float32 and the two 16-bit formats, for which JavaScript has no arrays. */

/** Each bfloat16 is the upper half of a float32: exact. */
export function bfloat16ToFloat32(values: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i] << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds to the nearest bfloat16, ties to even; NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i];
    const isNaN = (value & 0x7fffffff) > 0x7f800000;
    // Rounding could carry a NaN's payload over into infinity or zero: keep its upper half and make it quiet.
    result[i] = isNaN ? (value >>> 16) | 0x0040 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return result;
}

/** Exact. */
export function float16ToFloat32(values: Uint16Array): Float32Array<ArrayBuffer> {
  float16Table ??= makeFloat16Table();
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = float16Table[values[i]];
  return result;
}

/** Rounds to the nearest float16, ties to even, from 65520 on to infinity; NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++)
    result[i] = ((bits[i] >>> 16) & 0x8000) | float16Magnitude(bits[i] & 0x7fffffff);
  return result;
}

/** The float16 pattern of the magnitude that a float32 pattern without its sign stands for. */
function float16Magnitude(bits: number): number {
  if (bits > 0x7f800000) return 0x7e00 | ((bits >>> 13) & 0x3ff);
  if (bits >= 0x477ff000) return 0x7c00;
  // From 2^-14 on: another bias of the exponent, and 13 bits of fraction less.
  if (bits >= 0x38800000) return (bits - 0x38000000 + 0xfff + ((bits >>> 13) & 1)) >>> 13;
  // Below: multiples of 2^-24; up to 2^-25 the nearest is zero.
  const exponent = bits >>> 23;
  if (exponent < 102) return 0;
  const fraction = (bits & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  return (fraction + (1 << (shift - 1)) - 1 + ((fraction >>> shift) & 1)) >>> shift;
}

/** The value of each of the 65,536 bit patterns, made when first needed. */
let float16Table: Float32Array | undefined;

function makeFloat16Table(): Float32Array {
  return Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
