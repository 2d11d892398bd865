/** @file Where in a stored tensor a weight lies. */
import type { WeightReference } from './architecture';
import type { LocatedTensor } from './checkpoint/safetensors-file';

/** The consecutive elements of a stored tensor that hold a weight. Interleaved ones hold elements of others, too. */
export function storedBlock<Entry extends LocatedTensor>(
  entry: Entry,
  { shape, part }: Pick<WeightReference, 'shape' | 'part'>,
): Entry {
  if (!part) return entry;
  const block = shape.with(-1, shape[shape.length - 1] * (part.interleaved?.step ?? 1));
  const elements = block.reduce((product, length) => product * length, 1);
  const bytesPerElement = entry.byteLength / part.of.reduce((product, length) => product * length, 1);
  return {
    ...entry,
    shape: block,
    offset: entry.offset + part.start * bytesPerElement,
    byteLength: elements * bytesPerElement,
  };
}
