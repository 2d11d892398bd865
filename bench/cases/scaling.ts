/** @file How time grows with tokens, length of prompts, layers and experts, on small random checkpoints. */
import { Model } from '../../src/model/model';
import { allTokensArithmetic, leastArithmetic } from '../arithmetic';
import { type BenchBatch, randomBatch } from '../batches';
import type { BenchCase, BenchSettings, Row } from '../bench-case';
import { gflops } from '../gemm-peak';
import { type Geometry, temporaryCheckpoint } from '../random-checkpoint';
import { median, secondsOf, takeTurns } from '../statistics';
import { timedWorks } from './olmoe-2-layers';

const base: Geometry = {
  layers: 2,
  hidden: 256,
  heads: 4,
  experts: 32,
  topK: 4,
  width: 256,
  vocabulary: 4096,
};
const [rows, length] = [8, 128];

/** One row of a table: a checkpoint, a batch, and the size that grows. */
interface Setting {
  readonly size: Row;
  readonly geometry: Geometry;
  readonly batch: BenchBatch;
}

const tables: Readonly<Record<string, readonly Setting[]>> = {
  by_tokens: [1, 2, 4, 8, 16, 32].map(rows => setting({ tokens: rows * length }, {}, rows)),
  by_length: [128, 256, 512, 1024, 2048].map(length => setting({ length }, {}, 1, length)),
  by_layers: [1, 2, 4, 8].map(layers => setting({ layers }, { layers })),
  by_experts: [8, 16, 32, 64, 128].map(experts => setting({ experts }, { experts })),
};

export const scaling: BenchCase = {
  name: 'scaling',
  title: `Growth, from ${base.layers} layers of ${base.experts} experts (hidden ${base.hidden}, width ${base.width}, top-${base.topK}) and ${rows} × ${length} tokens`,
  labels: {
    by_tokens: `Tokens, in rows of ${length}`,
    by_length: 'Length of one row',
    by_layers: 'Layers',
    by_experts: `Experts, of which each token goes to ${base.topK}`,
    tokens: 'Tokens',
    length: 'Length',
    layers: 'Layers',
    experts: 'Experts',
    forward_s: 'Forward of all tokens',
    step_s: 'Step',
    forward_gflops: 'Arithmetic speed',
    step_gflops: 'Arithmetic speed, step',
  },
  async run(settings) {
    const measured: Record<string, Row[]> = {};
    for (const [name, sizes] of Object.entries(tables)) measured[name] = await measure(sizes, settings);
    return measured;
  },
};

function setting(size: Row, change: Partial<Geometry>, batchRows = rows, batchLength = length): Setting {
  const geometry = { ...base, ...change };
  return { size, geometry, batch: randomBatch(batchRows, batchLength, geometry.vocabulary) };
}

/** All sizes of a table take turns. */
async function measure(sizes: readonly Setting[], { repeats, threads }: BenchSettings): Promise<Row[]> {
  const models = sizes.map(({ geometry }) =>
    Model.open(temporaryCheckpoint(geometry), { threads, memoryBudget: 0 }),
  );
  const works = sizes.flatMap(({ batch }, i) => {
    const { forwardAllTokens, step } = timedWorks(models[i], batch);
    return [
      [`forward ${i}`, () => secondsOf(forwardAllTokens)],
      [`step ${i}`, () => secondsOf(step)],
    ] as const;
  });
  const seconds = await takeTurns(repeats, Object.fromEntries(works));
  for (const model of models) await model.release();
  return sizes.map(({ size, geometry, batch }, i) => {
    const [forward, step] = [median(seconds[`forward ${i}`]), median(seconds[`step ${i}`])];
    return {
      ...size,
      forward_s: forward,
      forward_gflops: gflops(allTokensArithmetic(geometry, batch.rows), forward),
      step_s: step,
      step_gflops: gflops(leastArithmetic(geometry, batch.rows).step, step),
    };
  });
}
