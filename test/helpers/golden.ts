/** @file The golden files (reference outputs of an independent implementation) and comparisons with them. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'vitest';

import type { HostTensor } from '../../src/engine/session';
import { SafetensorsFile } from '../../src/model/checkpoint/safetensors-file';
import type { Model } from '../../src/model/model';
import type { Routers } from '../../src/model/pass-options';
import type { TunedWeights } from '../../src/model/tuned-weights';

/** The folder of golden files, beside the project. Tests that need it say *skipped* where it is absent. */
export const goldenFolder = path.resolve(import.meta.dirname, '../../../shared/golden');
export const goldenIsPresent = existsSync(goldenFolder);

export function goldenJson<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(path.join(goldenFolder, ...parts), 'utf8')) as T;
}

export function goldenTensors(...parts: string[]): SafetensorsFile {
  return SafetensorsFile.open(path.join(goldenFolder, ...parts));
}

/** All tensors of a golden file, by name. */
export function goldenTensorMap(...parts: string[]): Map<string, HostTensor> {
  const stored = goldenTensors(...parts);
  return new Map(
    Array.from(stored.tensors, ([name, { shape }]) => [name, { data: stored.readFloat32(name), shape }]),
  );
}

/** The golden trace's rows: the samples of `method.json`. */
export function goldenTraceRows(family: string): number[][] {
  const trace = goldenTensors(family, 'expected/trace.safetensors');
  const lengths = Array.from(trace.readInt('lengths'), Number);
  const ids = Array.from(trace.readInt('input_ids'), Number);
  const longest = ids.length / lengths.length;
  return lengths.map((length, b) => ids.slice(b * longest, b * longest + length));
}

/** The routers that the reference implementation tuned. */
export function goldenRouters(model: Model, family: string): Routers {
  const stored = goldenTensors(family, 'expected/train_rt.safetensors');
  return new Map(
    [...model.baseRouters].map(([layer, feeds]) => [
      layer,
      Object.fromEntries(
        Object.entries(feeds).map(([feed, { shape }]) => [
          feed,
          { data: stored.readFloat32(`layers.${layer}.${feed}`), shape },
        ]),
      ),
    ]),
  );
}

/** The same, to be fed to a model. */
export function goldenRouterWeights(model: Model, family: string): TunedWeights {
  const named = [...goldenRouters(model, family)].flatMap(([layer, feeds]) =>
    Object.entries(feeds).map(([feed, tensor]) => [`layers.${layer}.${feed}`, tensor] as const),
  );
  return { tensors: new Map(named) };
}

/** Tolerances of a float32 runtime (README §5 of the golden files). */
export const tolerance = {
  logits: 5e-4,
  hidden: 5e-4,
  routerLogits: 1e-4,
  attention: 1e-4,
  loss: 5e-5,
  trainingLoss: 2e-4,
};

/** What is compared, for the table of measured errors (`npm run parity`). */
export interface Compared {
  readonly family: string;
  /** Column of the table. */
  readonly quantity: string;
}

/**
 * Expects an error within its tolerance. Where PARITY_FILE names a file, the error is added to it, as a line of JSON.
 */
export function expectWithin(compared: Compared, error: number, limit: number): void {
  const file = process.env.PARITY_FILE;
  if (file) appendFileSync(file, `${JSON.stringify({ ...compared, error, limit })}\n`);
  expect(error).toBeLessThanOrEqual(limit);
}

/** Largest absolute difference. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    // NaN compares false: count it as infinitely far.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

/** Rows t < lengths[b] of a padded [B·T, width] tensor, packed. */
export function packGolden(
  padded: ArrayLike<number>,
  lengths: readonly number[],
  longest: number,
): Float64Array {
  const width = padded.length / (lengths.length * longest);
  const rows = lengths.flatMap((length, b) => Array.from({ length }, (_, t) => b * longest + t));
  const packed = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    for (let c = 0; c < width; c++) packed[i * width + c] = padded[row * width + c];
  });
  return packed;
}

/** Gradients: within 1e-4 of the largest entry plus 1e-5. */
export function expectGradient(
  compared: Compared,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  expectWithin(compared, largestDifference(actual, expected), 1e-4 * largest + 1e-5);
}

/**
 * Trained weights: 99.9 % of all their entries together within 1e-4, the rest within 1e-2 (Adam amplifies rounding near
 * zero).
 */
export function expectTrainedWeights(
  compared: Compared,
  actual: ReadonlyMap<string, Float32Array>,
  expected: SafetensorsFile,
): void {
  const differences = [...actual]
    .flatMap(([name, values]) => {
      const golden = expected.readFloat32(name);
      expect(values.length).toBe(golden.length);
      return Array.from(golden, (value, i) => Math.abs(values[i] - value));
    })
    .sort((a, b) => a - b);
  expectWithin(compared, differences[Math.ceil(differences.length * 0.999) - 1], 1e-4);
  expect(differences[differences.length - 1]).toBeLessThanOrEqual(1e-2);
}
