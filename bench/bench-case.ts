/** @file What a bench case is, and what it gives. */
import * as v from 'valibot';

export interface BenchSettings {
  /** Measured runs of each figure, after one that is not counted. */
  readonly repeats: number;
  /** 0: one a core. */
  readonly threads: number;
  /** Where large checkpoints are written; default: the system's temporary folder. */
  readonly folder?: string;
  /** Python with PyTorch, for the case that compares with it. */
  readonly python?: string;
  /** How transformers runs experts there; default: its own choice. */
  readonly peerExperts?: string;
}

const figure = v.union([v.number(), v.string()]);
const row = v.record(v.string(), figure);

/** Figures by name, which ends in the unit (`_s`, `_gb`, `_gflops`); lists of rows are tables. */
export const BenchResultSchema = v.record(v.string(), v.union([figure, v.array(row)]));
export type Figure = v.InferOutput<typeof figure>;
export type Row = v.InferOutput<typeof row>;
export type BenchResult = v.InferOutput<typeof BenchResultSchema>;

export interface BenchCase {
  readonly name: string;
  /** What is measured, for the head of its table. */
  readonly title: string;
  /** What figures and columns are called in tables. Those without a label are in the JSON only. */
  readonly labels: Readonly<Record<string, string>>;
  /** Runs only when it is named. */
  readonly onlyByName?: true;
  /** `--case NAME` of its own for a part of another case; not listed. */
  readonly partOf?: string;
  run: (settings: BenchSettings) => Promise<BenchResult>;
}
