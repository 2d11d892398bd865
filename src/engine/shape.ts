/** @file Shapes with symbolic dimensions, and broadcasting over them. */

/** A known length, or the name of one that is known only at run time. Equal names mean equal lengths. */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Number of elements; throws if a dimension is symbolic. */
export function elementCount(shape: Shape): number {
  return shape.reduce<number>((product, dimension) => {
    if (typeof dimension === 'string')
      throw new Error(`the size of ${showShape(shape)} is not known before the run`);
    return product * dimension;
  }, 1);
}

/** ONNX (NumPy) multidirectional broadcasting. */
export function broadcastShapes(a: Shape, b: Shape): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
  });
}

/** `axis` counted from the front; negative values count from the back. */
export function positiveAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank) throw new Error(`axis ${axis} is out of range for rank ${rank}`);
  return positive;
}
