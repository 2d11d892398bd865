/** @file What the model is shown at each step of its training: documents of the step's stage, in batches without padding. */
import { Random } from '../src/common/random';
import type { LossTargets } from '../src/model/head-sessions';
import { type PackedBatch, packRows } from '../src/model/packed-batch';
import { DocumentEncoder, type TrainingRow } from './document-encoder';
import {
  defaultDocumentOptions,
  findingMix,
  generateDocument,
  memoryMix,
  type Mix,
  readingMix,
} from './documents';
import { buildVocabulary } from './tokenizer-files';
import type { World } from './world';

export interface Curriculum {
  /** Tokens of a batch, about. */
  readonly batchTokens: number;
  /** Steps at which the model goes on from finding words again to reading, and to facts. */
  readonly stages: readonly [reading: number, memory: number];
  /** Steps at which contexts begin to grow, and have their full length. */
  readonly growth: readonly [start: number, end: number];
  readonly seed: number;
}

/** How much a token counts in the loss, by what it is part of. */
const lossWeights = { answer: 1, passage: 0.5, context: 0.03 };
/** Of the tokens of contexts, so many are predicted; each counts for all. */
const contextShare = 0.1;
/** Batches whose documents are made together and sorted by length: attention is padded to the longest. */
const poolSize = 8;
const longestDocument = 320;

export interface TrainingBatch {
  readonly batch: PackedBatch;
  /** With weights that sum to 1. */
  readonly targets: LossTargets;
}

export class TrainingBatches {
  private readonly encoder = new DocumentEncoder(buildVocabulary());
  private pool: { number: number; batches: TrainingRow[][] } = { number: -1, batches: [] };

  constructor(
    private readonly world: World,
    private readonly curriculum: Curriculum,
  ) {}

  /** The batch of a step depends on nothing but the curriculum and the step. */
  at(step: number): TrainingBatch {
    const number = Math.floor(step / poolSize);
    if (this.pool.number !== number) this.pool = { number, batches: this.makePool(number) };
    const documents = this.pool.batches[step % poolSize];
    return {
      batch: packRows(documents.map(({ ids }) => ids)),
      targets: lossTargets(documents, new Random(this.seedOf(step, 2))),
    };
  }

  private makePool(number: number): TrainingRow[][] {
    const { batchTokens } = this.curriculum;
    const random = new Random(this.seedOf(number, 1));
    const options = { ...defaultDocumentOptions, ...this.stage(number * poolSize) };
    const documents: TrainingRow[] = [];
    let tokens = 0;
    while (tokens < poolSize * batchTokens) {
      const document = this.encoder.encode(generateDocument(this.world, random, options), lossWeights);
      if (document.ids.length > longestDocument) continue;
      documents.push(document);
      tokens += document.ids.length;
    }
    documents.sort((a, b) => a.ids.length - b.ids.length);
    const batches: TrainingRow[][] = Array.from({ length: poolSize }, () => []);
    let before = 0;
    for (const document of documents) {
      batches[Math.floor((before / tokens) * poolSize)].push(document);
      before += document.ids.length;
    }
    return random.shuffled(batches);
  }

  private stage(step: number): { mix: Mix; level: number } {
    const { stages, growth } = this.curriculum;
    const [reading, memory] = stages;
    const [start, end] = growth;
    return {
      mix: step < reading ? findingMix : step < memory ? readingMix : memoryMix,
      level: Math.min(1, Math.max(0, (step - start) / (end - start))),
    };
  }

  /** Different for every use of randomness. */
  private seedOf(number: number, use: number): number {
    return (this.curriculum.seed * 1_000_003 + number) * 4 + use;
  }
}

function lossTargets(documents: readonly TrainingRow[], random: Random): LossTargets {
  const rows: number[] = [];
  const targets: number[] = [];
  const weights: number[] = [];
  let start = 0;
  for (const { ids, weights: ofTokens } of documents) {
    for (let i = 1; i < ids.length; i++) {
      const isContext = ofTokens[i] === lossWeights.context;
      if (isContext && random.uniform() >= contextShare) continue;
      rows.push(start + i - 1);
      targets.push(ids[i]);
      weights.push(isContext ? ofTokens[i] / contextShare : ofTokens[i]);
    }
    start += ids.length;
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { rows, targets, weights: weights.map(weight => weight / sum) };
}
