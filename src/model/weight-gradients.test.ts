/** @file Gradients of every weight of every family against central differences of the loss; where the pass stops. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { CancelledError, InputError } from '../common/errors';
import { families } from './families';
import { Model } from './model';
import { packRows } from './packed-batch';
import { weightGradients } from './weight-gradients';
import { canonicalShape, namedWeights } from './weight-names';
import { readWeights } from './weight-values';

const batch = packRows([
  [0, 2, 60, 70, 80, 90, 0],
  [0, 2, 100, 110, 0],
]);
const targets = { rows: [2, 3, 4, 5, 8, 9, 10], targets: [70, 80, 90, 0, 100, 110, 0] };

/** Every token goes to every expert: the loss has no jumps where another expert is chosen. */
const sizes = {
  ...tinyConfig,
  num_experts_per_tok: 4,
  moe_intermediate_size: 8,
  num_local_experts: 4,
  attention_bias: false,
};
const configs: Record<string, { model_type: string } & Record<string, unknown>> = {
  olmoe: sizes,
  mixtral: { ...sizes, model_type: 'mixtral', tie_word_embeddings: true },
  qwen2_moe: { ...sizes, model_type: 'qwen2_moe', shared_expert_intermediate_size: 6 },
  qwen3_moe: { ...sizes, model_type: 'qwen3_moe', attention_bias: true, mlp_only_layers: [0] },
  granitemoe: { ...sizes, model_type: 'granitemoe', embedding_multiplier: 2, logits_scaling: 0.5 },
  minicpm_moe: { ...sizes, model_type: 'minicpm', scale_depth: 1.4, scale_emb: 3, dim_model_base: 8 },
  deepseek_v2: {
    ...sizes,
    model_type: 'deepseek_v2',
    n_routed_experts: 4,
    n_shared_experts: 2,
    first_k_dense_replace: 1,
    kv_lora_rank: 6,
    qk_nope_head_dim: 4,
    qk_rope_head_dim: 2,
    v_head_dim: 3,
  },
  gpt_oss: { ...sizes, model_type: 'gpt_oss', attention_bias: true, sliding_window: 3 },
};

function open(name: string, config: { model_type: string }, memoryBudget = 1e12): Model {
  const folder = writeTinyCheckpoint(path.join(scratchFolder(), name), tinyWeights(3, config), config);
  const model = Model.open(folder, { threads: 1, memoryBudget });
  afterAll(() => model.release());
  return model;
}

function tunedCopies(model: Model, names: Iterable<string>): Model {
  return model.withWeights({ tensors: readWeights(model.checkpoint, names) });
}

it('every family is looked at here', () => {
  expect(Object.keys(configs)).toEqual(families.map(({ name }) => name));
});

describe.each(Object.entries(configs))('%s', (name, config) => {
  const model = open(name, config);
  const names = [...namedWeights(model.architecture).keys()];

  it('names every element of the checkpoint once', () => {
    const elements = [...namedWeights(model.architecture).values()].map(weight =>
      canonicalShape(weight).reduce((product, length) => product * length, 1),
    );
    expect(elements.reduce((sum, count) => sum + count, 0)).toBe(model.checkpoint.parameters);
  });

  it('the loss changes along each gradient by its length', async () => {
    const tuned = tunedCopies(model, names);
    const loss = async (): Promise<number> => {
      const hidden = await tuned.forwardRows(batch, targets.rows);
      const losses = await tuned.head.negativeLogLikelihoods(hidden, targets.targets);
      return losses.reduce((sum, value) => sum + value, 0) / losses.length;
    };
    const found = await weightGradients(tuned, batch, targets);
    expect(Math.abs(found.loss - (await loss()))).toBeLessThan(1e-5);
    expect([...found.gradients.keys()].sort()).toEqual([...names].sort());
    for (const [weight, gradient] of found.gradients) {
      const values = tuned.tuned.tensors.get(weight)?.data as Float32Array;
      const before = Float32Array.from(values);
      const length = Math.hypot(...gradient);
      const step = Math.min(2e-2, 4e-3 / length);
      const moved = async (by: number): Promise<number> => {
        before.forEach((value, i) => (values[i] = value + (by * gradient[i]) / length));
        return loss();
      };
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      values.set(before);
      expect({ weight, slope: slope / length }).toEqual({ weight, slope: expect.closeTo(1, 2) as number });
    }
  });

  it('has the same gradients without a weight in memory', async () => {
    const mapped = open(`${name}, mapped`, config, 1);
    expect(mapped.plan.memoryMode).toBe('mapped');
    const chosen = names.filter(weight => /experts\.[01]\.|router|embed|norm/.test(weight));
    const [expected, actual] = await Promise.all(
      [model, mapped].map(of => weightGradients(tunedCopies(of, chosen), batch, targets)),
    );
    for (const [weight, gradient] of expected.gradients) {
      const largest = Math.max(...gradient.map(Math.abs));
      actual.gradients.get(weight)?.forEach((value, i) => {
        expect(Math.abs(value - gradient[i])).toBeLessThanOrEqual(1e-4 * largest + 1e-7);
      });
    }
  });
});

describe('weightGradients', () => {
  const model = open('plain', tinyConfig);

  it.each([['norm.weight'], ['lm_head.weight'], ['layers.1.experts.0.up'], ['layers.0.o_proj.weight']])(
    'of %s alone are those that all weights together give',
    async name => {
      const all = await weightGradients(
        tunedCopies(model, namedWeights(model.architecture).keys()),
        batch,
        targets,
      );
      const one = await weightGradients(tunedCopies(model, [name]), batch, targets);
      expect([...one.gradients.keys()]).toEqual([name]);
      const expected = all.gradients.get(name) ?? Float32Array.of();
      const largest = Math.max(...expected.map(Math.abs));
      expect(largest).toBeGreaterThan(0);
      one.gradients.get(name)?.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-5 * largest);
      });
    },
  );

  it('refuses weights of another model', () => {
    const data = new Float32Array(6);
    expect(() => model.withWeights({ tensors: new Map([['norm.weight', { data, shape: [6] }]]) })).toThrow(
      InputError,
    );
    expect(() => model.withWeights({ tensors: new Map([['layers.9.sinks', { data, shape: [6] }]]) })).toThrow(
      'no such weight',
    );
  });

  it('can be cancelled', async () => {
    const signal = AbortSignal.abort();
    const run = weightGradients(tunedCopies(model, ['norm.weight']), batch, targets, { signal });
    await expect(run).rejects.toThrow(CancelledError);
  });
});
