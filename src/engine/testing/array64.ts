/**
 * @file Arrays of float64 for the references of operators: ONNX Runtime computes in float32, in which central
 * differences would be mostly rounding error. Written by formula, element by element, and only for tests.
 */
export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The array whose element at each index is given by a formula. */
export function compute(shape: readonly number[], element: (...index: number[]) => number): Array64 {
  const data = new Float64Array(shape.reduce((product, length) => product * length, 1));
  const index = shape.map(() => 0);
  for (let place = 0; place < data.length; place++) {
    data[place] = element(...index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}

/** The element at an index, broadcast: surplus leading axes are ignored and axes of length 1 are stretched. */
export function at({ shape, data }: Array64, ...index: number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[shape.reduce((place, length, axis) => place * length + (length === 1 ? 0 : own[axis]), 0)];
}

/** A function applied to the elements of broadcast arrays. */
export function elementwise(f: (...elements: number[]) => number, ...arrays: Array64[]): Array64 {
  const rank = Math.max(...arrays.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...arrays.map(array => array.shape[axis - rank + array.shape.length] ?? 1)),
  );
  return compute(shape, (...index) => f(...arrays.map(array => at(array, ...index))));
}

/** Σ term(i) over 0 ≤ i < count. */
export function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

/** The same elements under another shape. */
export function reshaped({ data }: Array64, shape: readonly number[]): Array64 {
  return { shape, data };
}
