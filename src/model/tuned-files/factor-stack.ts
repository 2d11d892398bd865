/**
 * @file Low-rank factors of all matrices that one tensor holds, as PEFT stacks them. Of E experts with P matrices each
 * (gate and up, or down alone) and rank r, with R = P · r:
 *
 * A [E · R, in]: row e · R + p · r + i is row i of the A of matrix p of expert e;
 * B [out of all P, R · E]: column (p · r + i) · E + e is column i of its B, in the rows of that matrix and zero in those
 * of the others, so that each matrix has an addition of its own.
 *
 * A matrix that is a tensor of its own is a stack of one.
 */
import type { HostTensor } from '../../engine/session';
import type { WeightReference } from '../architecture';
import { canonicalShape, lowRankNames } from '../weight-names';

export interface FactorStack {
  readonly experts: number;
  /** Matrices of an expert. */
  readonly matrices: number;
  readonly inputs: number;
  /** Rows of all matrices of an expert together. */
  readonly outputs: number;
  readonly members: readonly Member[];
}

interface Member {
  /** Canonical name of the weight. */
  readonly name: string;
  readonly expert: number;
  /** Which of the expert's matrices it is. */
  readonly matrix: number;
  /** Row of the stacked B that belongs to a row of the matrix. */
  readonly row: (row: number) => number;
}

/** @param held the matrices of a tensor, expert by expert, by canonical name */
export function factorStack(held: ReadonlyMap<string, WeightReference>): FactorStack {
  const [first] = held.values();
  const [, inputs] = canonicalShape(first);
  const [experts, rows, columns] = first.part?.of ?? [1, ...first.shape];
  const elements = rows * columns;
  const matrices = held.size / experts;
  const members = [...held].map(([name, { part }], i): Member => {
    const { start = 0, interleaved = { first: 0, step: 1 } } = part ?? {};
    const firstRow = (start % elements) / inputs + interleaved.first;
    return {
      name,
      expert: Math.floor(start / elements),
      matrix: i % matrices,
      row: row => firstRow + row * interleaved.step,
    };
  });
  return { experts, matrices, inputs, outputs: elements / inputs, members };
}

/** Shapes of the stacked A and B. */
export function stackShapes(
  { experts, matrices, inputs, outputs }: FactorStack,
  rank: number,
): [a: [number, number], b: [number, number]] {
  const rows = experts * matrices * rank;
  return [
    [rows, inputs],
    [outputs, rows],
  ];
}

/** The stacked A of the factors of the members; zero where there are none. */
export function stackedA(
  stack: FactorStack,
  rank: number,
  factors: ReadonlyMap<string, HostTensor>,
): Float32Array {
  const [[rows, inputs]] = stackShapes(stack, rank);
  const stacked = new Float32Array(rows * inputs);
  for (const member of stack.members) {
    const [a] = lowRankNames(member.name);
    stacked.set((factors.get(a)?.data as Float32Array | undefined) ?? [], placeOfA(stack, rank, member));
  }
  return stacked;
}

/** The stacked B of the factors of the members; zero where there are none. */
export function stackedB(
  stack: FactorStack,
  rank: number,
  factors: ReadonlyMap<string, HostTensor>,
): Float32Array {
  const [, [outputs, columns]] = stackShapes(stack, rank);
  const stacked = new Float32Array(outputs * columns);
  for (const member of stack.members) {
    const [, b] = lowRankNames(member.name);
    const place = placeInB(stack, rank, member);
    const values = (factors.get(b)?.data as Float32Array | undefined) ?? [];
    for (let i = 0; i < values.length; i++) stacked[place(i)] = values[i];
  }
  return stacked;
}

/** The factors of the members by their names. */
export function* unstackedFactors(
  stack: FactorStack,
  rank: number,
  stacked: { readonly a: Float32Array; readonly b: Float32Array },
): Generator<[name: string, factor: HostTensor][]> {
  const { matrices, inputs, outputs, members } = stack;
  const rows = outputs / matrices;
  for (const member of members) {
    const [nameA, nameB] = lowRankNames(member.name);
    const start = placeOfA(stack, rank, member);
    const a = stacked.a.slice(start, start + rank * inputs);
    const place = placeInB(stack, rank, member);
    const b = Float32Array.from({ length: rows * rank }, (_, i) => stacked.b[place(i)]);
    yield [
      [nameA, { data: a, shape: [rank, inputs] }],
      [nameB, { data: b, shape: [rows, rank] }],
    ];
  }
}

/** Where the A of a member begins in the stacked A. */
function placeOfA({ matrices, inputs }: FactorStack, rank: number, { expert, matrix }: Member): number {
  return (expert * matrices + matrix) * rank * inputs;
}

/** Where element i of the B [rows, rank] of a member stands in the stacked B. */
function placeInB(
  { experts, matrices }: FactorStack,
  rank: number,
  { expert, matrix, row }: Member,
): (i: number) => number {
  return i => {
    const column = (matrix * rank + (i % rank)) * experts + expert;
    return row(Math.floor(i / rank)) * matrices * rank * experts + column;
  };
}
