/** @file Tuned weights and adapters of small models: what the golden trainings do not train, and what is refused. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../../test/helpers/scratch';
import {
  tinyConfig,
  tinyGptOss,
  tinyWeights,
  writeTinyCheckpoint,
} from '../../../test/helpers/tiny-checkpoint';
import { InputError } from '../../common/errors';
import { Random } from '../../common/random';
import type { HostTensor } from '../../engine/session';
import { Checkpoint } from '../checkpoint/checkpoint';
import { float32ToFloat16 } from '../checkpoint/half-precision';
import { SafetensorsFile } from '../checkpoint/safetensors-file';
import { writeSafetensors } from '../checkpoint/safetensors-writer';
import { lowRankNames } from '../weight-names';
import { readWeight, weightsNamed } from '../weight-values';
import { readAdapter, writeAdapter } from './adapter-folder';
import { readTunedWeights, writeTunedWeights } from './weights-file';

const scratch = scratchFolder();
const settings = { rank: 2, alpha: 6, dropout: 0.1 };

function opened(name: string, config: { model_type: string }): Checkpoint {
  return Checkpoint.open(writeTinyCheckpoint(path.join(scratch, name), tinyWeights(0, config), config));
}

const olmoe = opened('olmoe', tinyConfig);
const gptOss = opened('gpt-oss', tinyGptOss);

/** Factors of additions to some matrices of a checkpoint. */
function someFactors(checkpoint: Checkpoint, names: readonly string[]): Map<string, HostTensor> {
  const random = new Random(1);
  const factors = new Map<string, HostTensor>();
  for (const [name, weight] of weightsNamed(checkpoint, names)) {
    const [outputs, inputs] = readWeight(checkpoint, weight).shape;
    const [a, b] = lowRankNames(name);
    for (const [factor, shape] of [
      [a, [settings.rank, inputs]],
      [b, [outputs, settings.rank]],
    ] as const) {
      const data = Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
      factors.set(factor, { data, shape });
    }
  }
  return factors;
}

describe('tuned weights', () => {
  const file = path.join(scratch, 'tuned.safetensors');

  it('of an expert whose gate alone was tuned: the up projection between its columns stays as it is', () => {
    const shape = [8, 16];
    const gate = { data: Float32Array.from({ length: 128 }, (_, i) => i), shape };
    const weights = new Map([['layers.1.experts.2.gate', gate]]);
    writeTunedWeights(file, gptOss, weights, 'F32');
    const name = 'model.layers.1.mlp.experts.gate_up_proj';
    const expected = gptOss.read(name);
    // [expert, in, 2 · out]
    for (let i = 0; i < 16; i++)
      for (let o = 0; o < 8; o++) expected[2 * 16 * 16 + i * 16 + 2 * o] = o * 16 + i;
    expect(SafetensorsFile.open(file).readFloat32(name)).toEqual(expected);
    expect(readTunedWeights(file, gptOss)).toEqual(weights);
  });

  it('of a float16 checkpoint are whole, whatever the type of the file', () => {
    const folder = path.join(scratch, 'half');
    const stored = tinyWeights(0, tinyGptOss).map(({ data, ...tensor }) => ({
      ...tensor,
      dtype: 'F16' as const,
      data: float32ToFloat16(data as Float32Array),
    }));
    const checkpoint = Checkpoint.open(writeTinyCheckpoint(folder, stored, tinyGptOss));
    const down = { data: new Float32Array(128).fill(0.1), shape: [16, 8] };
    writeTunedWeights(file, checkpoint, new Map([['layers.0.experts.3.down', down]]), 'F32');
    const name = 'model.layers.0.mlp.experts.down_proj';
    const expected = checkpoint.read(name).fill(0.1, 3 * 128);
    expect(SafetensorsFile.open(file).readFloat32(name)).toEqual(expected);
    expect([...readTunedWeights(file, checkpoint).keys()]).toEqual(['layers.0.experts.3.down']);
  });

  it('of a name or a shape that the model has not are not written', () => {
    const shape = [4, 16];
    const tensor = { data: new Float32Array(64), shape };
    expect(() =>
      writeTunedWeights(file, olmoe, new Map([['layers.2.router.weight', tensor]]), 'F32'),
    ).toThrow(/no such weight/);
    expect(() => writeTunedWeights(file, olmoe, new Map([['layers.0.experts.0.up', tensor]]), 'F32')).toThrow(
      /\[8, 16\] there/,
    );
  });

  it.each([
    [
      'name',
      { name: 'model.layers.0.mlp.gates.weight' },
      /tensor "model.layers.0.mlp.gates.weight".*no such tensor/,
    ],
    ['shape', { shape: [16, 4] }, /\[16, 4\].*\[4, 16\] there.*another model/],
    ['type', { dtype: 'I32' as const }, /has type I32; supported are F32, F16, BF16/],
  ])('with another %s are refused', (_, change, message) => {
    const tensor = { name: 'model.layers.0.mlp.gate.weight', dtype: 'F32' as const, shape: [4, 16] };
    writeSafetensors(file, [{ ...tensor, data: new Float32Array(64), ...change }]);
    expect(() => readTunedWeights(file, olmoe)).toThrow(InputError);
    expect(() => readTunedWeights(file, olmoe)).toThrow(message);
  });
});

interface Config {
  lora_dropout: number;
  target_modules: string[];
  target_parameters?: string[];
}

describe('adapters', () => {
  const folder = path.join(scratch, 'adapter');
  const configFile = path.join(folder, 'adapter_config.json');
  const weightsFile = path.join(folder, 'adapter_model.safetensors');
  const config = (): Config => JSON.parse(readFileSync(configFile, 'utf8')) as Config;
  const tensorNames = (): string[] => [...SafetensorsFile.open(weightsFile).tensors.keys()];
  const names = ['layers.1.router.weight', 'layers.0.q_proj.weight', 'layers.0.experts.1.down'];
  const readBack = { rank: 2, scale: 3, dropout: 0 };

  it('to a router, attention and an expert are additions to linear layers', () => {
    const factors = someFactors(olmoe, names);
    writeAdapter(folder, olmoe, factors, settings);
    const modules = ['layers.0.self_attn.q_proj', 'layers.0.mlp.experts.1.down_proj', 'layers.1.mlp.gate'];
    expect(config().target_modules.toSorted()).toEqual(modules.toSorted());
    expect(config().target_parameters).toBeUndefined();
    expect(config().lora_dropout).toBe(0.1);
    expect(tensorNames()).toEqual(
      modules
        .flatMap(module =>
          ['lora_A', 'lora_B'].map(factor => `base_model.model.model.${module}.${factor}.weight`),
        )
        .toSorted(),
    );
    expect(readAdapter(folder, olmoe)).toEqual({ tensors: factors, adapter: readBack });
  });

  it('for transformers 5 take the router for a parameter, and dense modules as they are', () => {
    const factors = someFactors(olmoe, names);
    writeAdapter(folder, olmoe, factors, settings, 'transformers5');
    expect(config().target_modules.toSorted()).toEqual([
      'down_proj',
      'gate_proj',
      'layers.0.self_attn.q_proj',
      'up_proj',
    ]);
    expect(config().target_parameters).toEqual(['gate.weight']);
    expect(readAdapter(folder, olmoe)).toEqual({ tensors: factors, adapter: readBack });
    writeAdapter(folder, olmoe, someFactors(olmoe, ['layers.0.q_proj.weight']), settings, 'transformers5');
    expect(config().target_modules).toEqual(['layers.0.self_attn.q_proj']);
  });

  it('to a router and an expert of GPT-OSS are additions to parameters', () => {
    const factors = someFactors(gptOss, names);
    writeAdapter(folder, gptOss, factors, settings);
    expect(config().target_modules).toEqual(['layers.0.self_attn.q_proj']);
    expect(config().target_parameters?.toSorted()).toEqual([
      'layers.0.mlp.experts.down_proj',
      'layers.0.mlp.experts.gate_up_proj',
      'layers.1.mlp.router.weight',
    ]);
    expect(config().lora_dropout).toBe(0);
    expect(readAdapter(folder, gptOss)).toEqual({ tensors: factors, adapter: readBack });
  });

  it('to another model are not written', () => {
    const factors = someFactors(gptOss, ['layers.0.router.weight']);
    factors.set('layers.0.experts.9.up.lora_A', { data: new Float32Array(32), shape: [2, 16] });
    expect(() => writeAdapter(folder, gptOss, factors, settings)).toThrow(/experts\.9\.up.*no such weight/);
  });

  it.each([
    ['another method', { peft_type: 'IA3' }, /field "peft_type".*Only plain LoRA/],
    ['weight-decomposed factors', { use_dora: true }, /field "use_dora"/],
    ['rank-stabilised scaling', { use_rslora: true }, /field "use_rslora"/],
    ['trained biases', { bias: 'all' }, /field "bias"/],
    [
      'several factors',
      { alpha_pattern: { gate: 5 } },
      /"gate" has another alpha \/ r \(2\.5\) than the rest \(3\)/,
    ],
    ['another rank', { r: 3 }, /has shape \[2, 16\], the model and rank 3 ask for \[3, 16\]/],
  ])('with %s are refused', (_, change, message) => {
    writeAdapter(folder, olmoe, someFactors(olmoe, ['layers.0.router.weight']), settings);
    writeFileSync(configFile, JSON.stringify({ ...config(), ...change }));
    expect(() => readAdapter(folder, olmoe)).toThrow(InputError);
    expect(() => readAdapter(folder, olmoe)).toThrow(message);
  });

  it.each([
    [
      'of another module',
      'base_model.model.model.layers.5.mlp.gate.lora_A.weight',
      /layers\.5\.mlp\.gate" is nothing/,
    ],
    ['of an embedding', 'base_model.model.model.embed_tokens.lora_embedding_A', /is nothing of the model/],
    ['alone', 'base_model.model.model.layers.0.mlp.gate.lora_A.weight', /lora_B\.weight" is missing/],
  ])('with a factor %s are refused', (_, name, message) => {
    mkdirSync(folder, { recursive: true });
    writeAdapter(folder, olmoe, someFactors(olmoe, ['layers.0.router.weight']), settings);
    writeSafetensors(weightsFile, [{ name, dtype: 'F32', shape: [2, 16], data: new Float32Array(32) }]);
    expect(() => readAdapter(folder, olmoe)).toThrow(InputError);
    expect(() => readAdapter(folder, olmoe)).toThrow(message);
  });

  it('that are not there are refused', () => {
    expect(() => readAdapter(path.join(scratch, 'nowhere'), olmoe)).toThrow(
      /adapter_config\.json does not exist/,
    );
  });
});
