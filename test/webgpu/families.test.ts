/** @file Forward pass, head, gradients and decoding of every family on WebGPU against the CPU. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import type { ExecutionProvider } from '../../src/engine/session';
import { families } from '../../src/model/families';
import { generateGreedily } from '../../src/model/generate';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { type Trace, traceBatch } from '../../src/model/trace';
import { type WeightGradients, weightGradients } from '../../src/model/weight-gradients';
import { namedWeights } from '../../src/model/weight-names';
import { readWeights } from '../../src/model/weight-values';
import { goldenFolder, goldenIsPresent } from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';
import {
  tinyConfig,
  tinyDeepseek,
  tinyGptOss,
  tinyQwen3,
  tinyWeights,
  writeTinyCheckpoint,
} from '../helpers/tiny-checkpoint';
import { expectSame, floats, webgpuObstacle } from '../helpers/webgpu';

/** Memory budgets that make the two memory modes. */
const modes = { resident: 1e12, mapped: 1 };
/** Rows of different length, with ids that every vocabulary has. */
const rows = [
  [5, 9, 2, 31, 17, 4, 23, 11, 8],
  [12, 7, 40, 3, 19],
];
/** The last two tokens of each row, predicted by the tokens before them. */
const answers = { rows: [6, 7, 11, 12], targets: [11, 8, 3, 19] };

const scratch = scratchFolder();

const names = families.map(({ name }) => name);

/** What is special about each family, small; by its name. */
const tinyConfigs: Record<string, { model_type: string; [field: string]: unknown }> = {
  // More experts than a shader can have buffers.
  olmoe: {
    ...tinyConfig,
    num_hidden_layers: 1,
    num_experts: 64,
    num_experts_per_tok: 8,
  },
  mixtral: { ...tinyConfig, model_type: 'mixtral', num_key_value_heads: 1, num_local_experts: 4 },
  deepseek_v2: tinyDeepseek,
  minicpm_moe: {
    ...tinyConfig,
    model_type: 'minicpm',
    ...{ scale_emb: 2, dim_model_base: 8, scale_depth: 1.4, tie_word_embeddings: true },
  },
  qwen2_moe: {
    ...tinyConfig,
    model_type: 'qwen2_moe',
    ...{ moe_intermediate_size: 8, shared_expert_intermediate_size: 12, mlp_only_layers: [0] },
  },
  qwen3_moe: tinyQwen3,
  gpt_oss: tinyGptOss,
  granitemoe: {
    ...tinyConfig,
    model_type: 'granitemoe',
    ...{ num_local_experts: 4, tie_word_embeddings: true },
    ...{ embedding_multiplier: 1.5, attention_multiplier: 0.2, residual_multiplier: 0.6, logits_scaling: 2 },
  },
};

/** Released in the end only: with the last session of a device its compiled shaders go too. */
const models: Model[] = [];
afterAll(async () => {
  for (const model of models) await model.release();
});

interface Pass {
  readonly trace: Trace;
  readonly gradients: WeightGradients;
  readonly decoded: number[][];
}

async function pass(
  folder: string,
  mode: keyof typeof modes,
  executionProvider: ExecutionProvider,
): Promise<Pass> {
  const model = Model.open(folder, { threads: 1, memoryBudget: modes[mode], executionProvider });
  models.push(model);
  // One expert of each layer stands for all.
  const trained = [...namedWeights(model.architecture).keys()].filter(name => !/experts\.[1-9]/.test(name));
  const tuned = model.withWeights({ tensors: readWeights(model.checkpoint, trained) });
  const batch = packRows(rows);
  const trace = await traceBatch(model, batch, { attention: true, hidden: true, logits: true });
  return {
    trace,
    gradients: await weightGradients(tuned, batch, answers),
    decoded: await generateGreedily(model, rows, { maxNewTokens: 3 }),
  };
}

function compare(webgpu: Pass, cpu: Pass): void {
  for (const kind of ['hidden', 'attention'] as const) {
    expect(webgpu.trace[kind].length).toBe(cpu.trace[kind].length);
    cpu.trace[kind].forEach((expected, layer) => expectSame(webgpu.trace[kind][layer], expected));
  }
  expectSame(webgpu.trace.finalNorm, cpu.trace.finalNorm);
  expectSame(webgpu.trace.logits, cpu.trace.logits);
  for (const [layer, expected] of cpu.trace.moe) {
    const actual = webgpu.trace.moe.get(layer);
    expect(actual?.topkIndices).toEqual(expected.topkIndices);
    for (const name of ['routerLogits', 'topkWeights'] as const)
      expectSame(vector(actual?.[name]), vector(expected[name]));
  }
  expect(webgpu.decoded).toEqual(cpu.decoded);
  expectSame(vector([webgpu.gradients.loss]), vector([cpu.gradients.loss]));
  for (const [name, expected] of cpu.gradients.gradients) {
    const actual = webgpu.gradients.gradients.get(name);
    // An expert that no token went to has none.
    if (expected.every(value => value === 0)) expect(actual).toEqual(expected);
    else expectSame(vector(actual), vector(expected));
  }
}

function vector(values: Iterable<number> = []): { data: Float32Array; shape: number[] } {
  const data = Float32Array.from(values);
  return { data, shape: [data.length] };
}

const obstacle = await webgpuObstacle();

async function expectSameOnWebgpu(folder: string, mode: keyof typeof modes): Promise<void> {
  const webgpu = await pass(folder, mode, 'webgpu');
  const cpu = await pass(folder, mode, 'cpu');
  compare(webgpu, cpu);
  // The CPU repeats itself bit by bit: other bits show that other kernels have computed this.
  expect(floats(webgpu.trace.logits)).not.toEqual(floats(cpu.trace.logits));
}

describe.skipIf(obstacle !== undefined)(`WebGPU gives the same as the CPU${skipped(obstacle)}`, () => {
  describe.skipIf(!goldenIsPresent)('on the golden checkpoints (skipped without the golden files)', () => {
    it.each(names)('%s, resident', name => expectSameOnWebgpu(path.join(goldenFolder, name), 'resident'));

    // Weights that are widened where they are used: from bfloat16 and from float16.
    it.each(['olmoe', 'mixtral'])('%s, mapped', name =>
      expectSameOnWebgpu(path.join(goldenFolder, name), 'mapped'),
    );
  });

  // The rest needs no golden files.
  it.each(names)('on random weights: %s', name => {
    const config = tinyConfigs[name];
    const folder = path.join(scratch, name);
    return expectSameOnWebgpu(writeTinyCheckpoint(folder, tinyWeights(0, config), config), 'resident');
  });
});

function skipped(reason: string | undefined): string {
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}
