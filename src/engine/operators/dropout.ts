/** @file Dropout whose choice is a function of a seed: the backward pass and a repeated run make the same one. */
import type { FloatTensor, IndexTensor, Tensor } from '../graph';
import { showShape } from '../shape';
import { cast, compare, multiply } from './elementwise';
import { shapeOf } from './shaping';

/** Values of the hash have 32 bits; they are kept in int64, which holds their products. */
const allBits = 2 ** 32 - 1;
const halfBits = 2 ** 16;
/** Odd multipliers that spread rows, columns and seeds over the bits; the last mixes them (Thomas Mueller's 32-bit hash). */
const multipliers = { row: 0x9e3779b1, column: 0x85ebca77, seed: 0x42b2ae3d, mixing: 0x45d9f3b };

/**
 * Inverted dropout: each element becomes 0 with a probability, the others are divided by what remains of 1.
 * @param x [rows, width]
 * @param seed [1], from 0 to 2³¹ − 1: other seeds drop other elements
 */
export function dropout(x: FloatTensor, probability: number, seed: IndexTensor): FloatTensor {
  const [result] = x.graph.composite(
    'Dropout',
    [x, seed],
    () => [multiply(x, factors(x, probability, seed))],
    ({ inputs: [, seed], gradients: [dy] }) =>
      dy ? [dropout(dy, probability, seed as Tensor as IndexTensor)] : [],
  );
  return result;
}

/** 0 or 1 / (1 − probability) for each element, by a hash of its place and the seed. */
function factors(x: FloatTensor, probability: number, seed: IndexTensor): FloatTensor {
  const { graph } = x;
  const [rows, width] = x.shape;
  if (x.shape.length !== 2 || typeof width !== 'number')
    throw new Error(`dropout of ${showShape(x.shape)}, which is no matrix of known width`);
  const columns = graph.int(
    Array.from({ length: width }, (_, column) => (column * multipliers.column) % 2 ** 32),
  );
  const rowHashes = integers('Mul', rowNumbers(x), graph.int([multipliers.row]), [rows, 1]);
  const seedHash = integers('Mul', seed, graph.int([multipliers.seed]), [1]);
  const starts = bitwiseAnd(integers('Add', rowHashes, seedHash, [rows, 1]));
  let hash = bitwiseAnd(integers('Add', starts, columns, x.shape));
  for (let round = 0; round < 2; round++)
    hash = bitwiseAnd(integers('Mul', folded(hash), graph.int([multipliers.mixing]), x.shape));
  const kept = compare('GreaterOrEqual', folded(hash), graph.int([Math.round(probability * 2 ** 32)]));
  return multiply(cast(kept, 'float32'), graph.float(1 / (1 - probability)));
}

/** 0, 1, 2, … as a column of as many rows as `x` has. */
function rowNumbers(x: FloatTensor): IndexTensor {
  const { graph } = x;
  const [rows] = graph.emit({ operator: 'Slice', inputs: [shapeOf(x), graph.int([0]), graph.int([1])] }, [
    { dtype: 'int64', shape: [1] },
  ]);
  const [count] = graph.emit({ operator: 'Squeeze', inputs: [rows] }, [{ dtype: 'int64', shape: [] }]);
  const [numbers] = graph.emit({ operator: 'Range', inputs: [graph.int(0), count, graph.int(1)] }, [
    { dtype: 'int64', shape: [x.shape[0]] },
  ]);
  const [column] = graph.emit({ operator: 'Unsqueeze', inputs: [numbers, graph.int([1])] }, [
    { dtype: 'int64', shape: [x.shape[0], 1] },
  ]);
  return column as IndexTensor;
}

function bitwiseAnd(x: IndexTensor): IndexTensor {
  return integers('BitwiseAnd', x, x.graph.int([allBits]), x.shape);
}

/** h xor (h >> 16). */
function folded(hash: IndexTensor): IndexTensor {
  const high = integers('Div', hash, hash.graph.int([halfBits]), hash.shape);
  return integers('BitwiseXor', hash, high, hash.shape);
}

function integers(
  operator: 'Add' | 'Mul' | 'Div' | 'BitwiseAnd' | 'BitwiseXor',
  a: IndexTensor,
  b: IndexTensor,
  shape: FloatTensor['shape'],
): IndexTensor {
  const [result] = a.graph.emit({ operator, inputs: [a, b] }, [{ dtype: 'int64', shape }]);
  return result as IndexTensor;
}
