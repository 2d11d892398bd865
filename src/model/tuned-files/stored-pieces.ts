/** @file Stored tensors of a checkpoint with other weights in them and in another type, never in memory as a whole. */
import { InputError } from '../../common/errors';
import type { HostTensor } from '../../engine/session';
import type { WeightReference } from '../architecture';
import { fromFloat32, isFloatType } from '../checkpoint/float-types';
import { type LocatedTensor, readTensorBytes, readTensorFloat32 } from '../checkpoint/safetensors-file';
import type { SafetensorsDtype } from '../checkpoint/safetensors-header';
import { storedBlock } from '../stored-block';
import { placeInBlock } from '../weight-values';

/** Bytes of a piece of what is copied. */
const pieceBytes = 1 << 24;

/** The smallest magnitude that float16 rounds to infinity. */
const overflowOfFloat16 = 65520;

/** A weight that takes the place of one in a stored tensor. */
export interface Replacement {
  readonly weight: WeightReference;
  /** [out, in], or a vector */
  readonly value: HostTensor;
}

/**
 * The elements of a stored tensor in another type, piece by piece. What is not replaced keeps its bits where the type
 * stays the same, and is rounded to the nearest where it does not.
 * @throws InputError if a weight is too large for the type
 */
export function* storedPieces(
  tensor: LocatedTensor,
  type: SafetensorsDtype,
  replacements: readonly Replacement[] = [],
): Generator<Uint8Array> {
  let copied = tensor.offset;
  for (const [block, inBlock] of blocksInOrder(tensor, replacements)) {
    yield* converted(tensor, type, copied, block.offset);
    yield encoded(tensor, type, replacedBlock(block, inBlock));
    copied = block.offset + block.byteLength;
  }
  yield* converted(tensor, type, copied, tensor.offset + tensor.byteLength);
}

/** Replacements by the block that they stand in: interleaved ones share theirs. */
function blocksInOrder(
  tensor: LocatedTensor,
  replacements: readonly Replacement[],
): [LocatedTensor, Replacement[]][] {
  const blocks = new Map<number, [LocatedTensor, Replacement[]]>();
  for (const replacement of replacements) {
    const block = storedBlock(tensor, replacement.weight);
    const known = blocks.get(block.offset);
    if (known) known[1].push(replacement);
    else blocks.set(block.offset, [block, [replacement]]);
  }
  return [...blocks.values()].sort(([a], [b]) => a.offset - b.offset);
}

/** The values of a block, in the order in which they are stored. */
function replacedBlock(block: LocatedTensor, replacements: readonly Replacement[]): Float32Array {
  const [first] = replacements;
  // Stored as it is: the block holds nothing else.
  if (!placeInBlock(first.weight)) return first.value.data as Float32Array;
  const values = readTensorFloat32(block);
  for (const { weight, value } of replacements) {
    const place = placeInBlock(weight);
    if (!place) throw new Error(`${weight.name}: a block is shared by weights that are not interleaved`);
    const data = value.data as Float32Array;
    for (let i = 0; i < data.length; i++) values[place(i)] = data[i];
  }
  return values;
}

/** The bytes from one offset of the file to another. */
function* converted(
  tensor: LocatedTensor,
  type: SafetensorsDtype,
  from: number,
  to: number,
): Generator<Uint8Array> {
  for (let offset = from; offset < to; offset += pieceBytes) {
    const piece = { ...tensor, offset, byteLength: Math.min(pieceBytes, to - offset) };
    yield tensor.dtype === type ? readTensorBytes(piece) : encoded(tensor, type, readTensorFloat32(piece));
  }
}

function encoded({ name }: LocatedTensor, type: SafetensorsDtype, values: Float32Array): Uint8Array {
  if (!isFloatType(type)) throw new Error(`${name} cannot become ${type}`);
  const bytes = fromFloat32(type, values);
  if (type === 'F16' && values.some(value => Math.abs(value) >= overflowOfFloat16 && Number.isFinite(value)))
    throw new InputError(
      `Tensor "${name}": a weight is larger than float16 can hold. Choose bfloat16 or float32.`,
    );
  return bytes;
}
