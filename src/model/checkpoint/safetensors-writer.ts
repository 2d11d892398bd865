/** @file Writes safetensors files, laid out as the reference writer lays them out, byte for byte. */
import { writeFileAtomically } from '../../common/atomic-file';
import { type SafetensorsDtype, safetensorsDtypes, tensorByteLength } from './safetensors-header';

interface TensorHeader {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
}

export interface TensorToWrite extends TensorHeader {
  /** Little-endian elements, row-major. */
  data: ArrayBufferView;
}

/** A tensor that is never in memory as a whole. */
export interface StreamedTensor extends TensorHeader {
  /** Its elements, piece by piece; asked for when it is their turn. */
  pieces: () => Iterable<Uint8Array>;
}

/**
 * Writes `tensors` to `file`, through a temporary file: a reader that has the old file mapped keeps it.
 * @throws Error if a tensor's data do not fit its shape and type or a name occurs twice
 */
export function writeSafetensors(
  file: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const streamed = Array.from(tensors, ({ data, ...tensor }) => ({
    ...tensor,
    pieces: () => [asBytes(data)],
  }));
  writeFileAtomically(file, safetensorsChunks(streamed, metadata));
}

/**
 * The bytes of a safetensors file, in order: header, then the tensors' pieces as they are asked for.
 * @throws Error if a tensor's pieces do not fit its shape and type or a name occurs twice
 */
export function* safetensorsChunks(
  tensors: Iterable<StreamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const ordered = [...tensors].sort(inFileOrder);
  const header = Buffer.from(headerText(ordered, metadata));
  const padding = Buffer.alloc(-header.length & 7, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length + padding.length));
  yield Buffer.concat([length, header, padding]);
  for (const { name, dtype, shape, pieces } of ordered) {
    let bytes = 0;
    for (const piece of pieces()) {
      bytes += piece.byteLength;
      yield piece;
    }
    if (bytes !== tensorByteLength(dtype, shape))
      throw new Error(`Tensor ${name} has ${bytes} bytes, which are not ${dtype} [${shape.join(', ')}]`);
  }
}

/** By falling alignment, so that every tensor is aligned for its type; then by name. */
function inFileOrder(a: TensorHeader, b: TensorHeader): number {
  const byType = safetensorsDtypes.indexOf(a.dtype) - safetensorsDtypes.indexOf(b.dtype);
  if (byType !== 0) return byType;
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** Put together entry by entry: an object would move names that look like numbers to the front. */
function headerText(tensors: readonly TensorHeader[], metadata: Readonly<Record<string, string>>): string {
  const names = new Set(['__metadata__']);
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    if (names.has(name)) throw new Error(`Two tensors are called ${JSON.stringify(name)}`);
    names.add(name);
    const end = offset + tensorByteLength(dtype, shape);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  return `{${entries.join(',')}}`;
}

function asBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
