/** @file Random OLMoE checkpoints of any geometry, with real names, shards and bfloat16 weights. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { writeJsonAtomically } from '../src/common/atomic-file';
import { InputError } from '../src/common/errors';
import { Random } from '../src/common/random';
import { float32ToBfloat16 } from '../src/model/checkpoint/half-precision';
import { writeSafetensors } from '../src/model/checkpoint/safetensors-writer';
import { olmoe } from '../src/model/families/olmoe';
import { requiredWeights, type StoredTensor } from '../src/model/required-weights';
import { temporaryFolder } from './temporary-folder';

export interface Geometry {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly experts: number;
  readonly topK: number;
  readonly width: number;
  readonly vocabulary: number;
}

/** OLMoE-1B-7B: 6.9 billion parameters, 13.8 GB. */
export const olmoe1b7b: Geometry = {
  layers: 16,
  hidden: 2048,
  heads: 16,
  experts: 64,
  topK: 8,
  width: 1024,
  vocabulary: 50_304,
};

const largestShard = 4e9;

/**
 * Writes the checkpoint unless it is there already. Weights are normal with a deviation of 0.02, norms 1.
 * @throws InputError if the folder holds a checkpoint of another geometry
 */
export function ensureCheckpoint(folder: string, geometry: Geometry): string {
  const config = configOf(geometry);
  const configFile = path.join(folder, 'config.json');
  if (existsSync(configFile)) {
    if (isDeepStrictEqual(JSON.parse(readFileSync(configFile, 'utf8')), config)) return folder;
    throw new InputError(`${folder}: holds another checkpoint. Remove it or choose another folder.`);
  }
  mkdirSync(folder, { recursive: true });
  const weights = requiredWeights(olmoe.describe(config));
  const shards = intoShards(weights);
  const pool = randomPool(Math.max(...weights.map(elements)));
  const random = new Random(1);
  const weightMap: Record<string, string> = {};
  shards.forEach((shard, i) => {
    const file = `model-${place(i + 1)}-of-${place(shards.length)}.safetensors`;
    const tensors = shard.map(weight => {
      weightMap[weight.name] = file;
      const start = weight.name.includes('norm') ? 0 : 1 + random.integer(pool.spare);
      const data = (start === 0 ? pool.ones : pool.values).subarray(start, start + elements(weight));
      return { name: weight.name, dtype: 'BF16' as const, shape: weight.shape, data };
    });
    writeSafetensors(path.join(folder, file), tensors, { format: 'pt' });
  });
  const totalSize = weights.reduce((sum, weight) => sum + 2 * elements(weight), 0);
  writeJsonAtomically(path.join(folder, 'model.safetensors.index.json'), {
    metadata: { total_size: totalSize },
    weight_map: weightMap,
  });
  // Last: its presence says that the rest is complete.
  writeJsonAtomically(configFile, config);
  return folder;
}

/** The same in the temporary folder, under a name that tells its geometry. */
export function temporaryCheckpoint(geometry: Geometry): string {
  const name = Object.entries(geometry).map(([key, value]) => `${key.toLowerCase()}-${value}`);
  return ensureCheckpoint(path.join(temporaryFolder, name.join('-')), geometry);
}

function configOf(geometry: Geometry): Record<string, unknown> {
  return {
    architectures: ['OlmoeForCausalLM'],
    model_type: 'olmoe',
    vocab_size: geometry.vocabulary,
    hidden_size: geometry.hidden,
    intermediate_size: geometry.width,
    num_hidden_layers: geometry.layers,
    num_attention_heads: geometry.heads,
    num_key_value_heads: geometry.heads,
    num_experts: geometry.experts,
    num_experts_per_tok: geometry.topK,
    norm_topk_prob: false,
    hidden_act: 'silu',
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    eos_token_id: 0,
    pad_token_id: 1,
  };
}

function intoShards(weights: readonly StoredTensor[]): StoredTensor[][] {
  const shards: StoredTensor[][] = [[]];
  let room = largestShard;
  for (const weight of weights) {
    const bytes = 2 * elements(weight);
    if (bytes > room) {
      shards.push([]);
      room = largestShard;
    }
    shards[shards.length - 1].push(weight);
    room -= bytes;
  }
  return shards;
}

function elements({ shape }: StoredTensor): number {
  return shape.reduce((product, length) => product * length, 1);
}

function place(number: number): string {
  return String(number).padStart(5, '0');
}

/** Values that all tensors are cut from, each at a place of its own: fast, and needs little memory. */
function randomPool(longest: number): { values: Uint16Array; ones: Uint16Array; spare: number } {
  const block = 1 << 20;
  const random = new Random(0);
  const normal = float32ToBfloat16(Float32Array.from({ length: block }, () => 0.02 * random.normal()));
  const values = new Uint16Array(Math.ceil(longest / block) * block + 2 * block);
  for (let start = 0; start < values.length; start += block) values.set(normal, start);
  return { values, ones: float32ToBfloat16(new Float32Array(block).fill(1)), spare: block };
}
