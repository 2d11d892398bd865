/** @file Quantised checkpoints are recognised and named. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../../test/helpers/scratch';
import { tinyConfig, tinyWeights, writeTinyCheckpoint } from '../../../test/helpers/tiny-checkpoint';
import { inspectCheckpoint } from '../../lens/inspect';
import { quantisationMethod } from './quantisation';
import { writeSafetensors } from './safetensors-writer';

describe('quantisationMethod', () => {
  it.each([
    ['gptq', 'GPTQ'],
    ['awq', 'AWQ'],
    ['fp8', 'FP8'],
    ['mxfp4', 'MXFP4'],
    ['bitsandbytes', 'bitsandbytes'],
    ['hqq', 'hqq'],
  ])('quantization_config with quant_method "%s"', (quant_method, name) => {
    expect(quantisationMethod({ quantization_config: { quant_method, bits: 4 } }, [])).toBe(name);
  });

  it.each([
    ['model.layers.0.mlp.experts.gate_up_proj_blocks', 'MXFP4'],
    ['model.layers.0.self_attn.q_proj.g_idx', 'GPTQ'],
    ['model.layers.0.self_attn.q_proj.qweight', 'GPTQ or AWQ'],
    ['model.layers.0.self_attn.q_proj.weight_scale_inv', 'FP8'],
    ['model.layers.0.self_attn.q_proj.weight.absmax', 'bitsandbytes'],
  ])('the tensor %s', (tensor, name) => {
    expect(quantisationMethod({}, ['model.norm.weight', tensor])).toBe(name);
  });

  it('plain weights', () => {
    const plain = tinyWeights().map(({ name }) => name);
    expect(quantisationMethod({ ...tinyConfig, quantization_config: null }, plain)).toBeUndefined();
  });
});

describe('a quantised checkpoint', () => {
  const folder = writeTinyCheckpoint(path.join(scratchFolder(), 'quantised'));

  it('is described with one clear line', () => {
    const config = { ...tinyConfig, quantization_config: { quant_method: 'gptq', bits: 4 } };
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
    const { supported, problems, num_experts } = inspectCheckpoint(folder);
    expect({ supported, num_experts }).toEqual({ supported: false, num_experts: 4 });
    expect(problems).toEqual([
      `${folder}: the weights are quantised (GPTQ). Give a checkpoint with F32, F16, BF16 weights.`,
    ]);
  });

  it('is recognised by its tensors alone', () => {
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify(tinyConfig));
    rmSync(path.join(folder, 'model.safetensors'));
    const blocks = { dtype: 'U8' as const, shape: [2], data: new Uint8Array(2) };
    writeSafetensors(path.join(folder, 'model.safetensors'), [
      { name: 'mlp.gate_up_proj_blocks', ...blocks },
    ]);
    expect(inspectCheckpoint(folder).problems[0]).toContain('quantised (MXFP4)');
  });
});
