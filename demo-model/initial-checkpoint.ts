/** @file The checkpoint that training starts from: an OLMoE of small size, its weights drawn by chance. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { writeJsonAtomically } from '../src/common/atomic-file';
import { Random } from '../src/common/random';
import { writeSafetensors } from '../src/model/checkpoint/safetensors-writer';
import { olmoe } from '../src/model/families/olmoe';
import { requiredWeights } from '../src/model/required-weights';
import { buildVocabulary, spacedWordIds, writeTokenizerFiles } from './tokenizer-files';

export const geometry = { layers: 6, hidden: 128, heads: 4, experts: 16, topK: 2, width: 96 };

const deviations = { embedding: 0.5, common: 0.35, space: 0.2, router: 0.05, expert: 0.09 };
/** Norms of queries and keys: sharper attention from the beginning. */
const attentionNorm = 1.75;
/** How alike keys and queries of matching heads are, and how much of what attention sees is handed on. */
const [likeness, copied] = [0.85, 0.5];
/** Size of the weights of heads that look at positions: queries of about the length of the other heads'. */
const positional = 0.35;
/** The fastest of a head's rotated pairs: they tell neighbouring positions apart. */
const rotatedPairs = 6;
const ropeTheta = 10_000;
/** Norm before the head: logits near zero at first. */
const headNorm = 0.15;

export function config(vocabulary: number): Record<string, unknown> {
  const { layers, hidden, heads, experts, topK, width } = geometry;
  return {
    architectures: ['OlmoeForCausalLM'],
    model_type: 'olmoe',
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: null,
    eos_token_id: 0,
    pad_token_id: 1,
    clip_qkv: null,
    hidden_act: 'silu',
    hidden_size: hidden,
    initializer_range: 0.02,
    intermediate_size: width,
    max_position_embeddings: 1024,
    norm_topk_prob: false,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    num_experts: experts,
    num_experts_per_tok: topK,
    num_hidden_layers: layers,
    output_router_logits: false,
    rms_norm_eps: 1e-5,
    rope_theta: ropeTheta,
    rope_scaling: null,
    router_aux_loss_coef: 0.01,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    use_cache: true,
    vocab_size: vocabulary,
  };
}

/** Writes a whole checkpoint folder; the same seed gives the same weights. */
export function writeInitialCheckpoint(folder: string, seed: number): void {
  mkdirSync(folder, { recursive: true });
  const vocabulary = buildVocabulary();
  const description = config(vocabulary.size);
  const random = new Random(seed);
  const common = Float32Array.from({ length: geometry.hidden }, () => random.normal());
  const embedding = wordEmbeddings(vocabulary, common, random);
  const direction = common.map(value => value / Math.hypot(...common));
  const handedOn = orthogonalRows(geometry.hidden, geometry.hidden / geometry.heads, random);
  const attention = Array.from({ length: geometry.layers }, (_, layer) =>
    matchingAttention(random, { distance: 1 + (layer % 3), common: direction, handedOn }),
  );
  const initial = (name: string, length: number): Float32Array => {
    if (name === 'model.embed_tokens.weight' || name === 'lm_head.weight') return embedding;
    if (name === 'model.norm.weight') return new Float32Array(length).fill(headNorm);
    if (/[qk]_norm/.test(name)) return new Float32Array(length).fill(attentionNorm);
    if (name.includes('norm')) return new Float32Array(length).fill(1);
    const { layer, part } = /layers\.(?<layer>\d+)\.self_attn\.(?<part>\w+)\./.exec(name)?.groups ?? {};
    if (part) return attention[Number(layer)][part as keyof AttentionWeights];
    const deviation = name.endsWith('mlp.gate.weight') ? deviations.router : deviations.expert;
    return Float32Array.from({ length }, () => deviation * random.normal());
  };
  const tensors = requiredWeights(olmoe.describe(description)).map(({ name, shape }) => {
    const length = shape.reduce((product, n) => product * n, 1);
    return { name, dtype: 'F32' as const, shape, data: initial(name, length) };
  });
  writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  writeTokenizerFiles(folder);
  writeJsonAtomically(path.join(folder, 'generation_config.json'), { eos_token_id: 0, pad_token_id: 1 });
  writeJsonAtomically(path.join(folder, 'config.json'), description);
}

type AttentionWeights = Record<'q_proj' | 'k_proj' | 'v_proj' | 'o_proj', Float32Array>;

/**
 * All heads but the last look for what is like the query; the last looks at the token `distance` before it. All hand on
 * what they see. Together that is what an induction head is made of, which else takes most of the training to appear.
 * @param common what all embeddings have in common, of length 1
 * @param handedOn what the last head hands on: the same in all layers, so that what came from one place is found by
 * another
 */
function matchingAttention(
  random: Random,
  { distance, common, handedOn }: { distance: number; common: Float32Array; handedOn: Rows },
): AttentionWeights {
  const { hidden, heads } = geometry;
  const [query, other] = [0, 1].map(() => orthogonal(hidden, random));
  const rest = Math.sqrt(1 - likeness ** 2);
  const key = query.map((q, i) => likeness * q + rest * other[i]);
  const size = hidden / heads;
  const first = hidden - size;
  const value = Float32Array.from([
    ...orthogonalRows(hidden, first, random, handedOn).flatMap(row => [...row]),
    ...handedOn.flatMap(row => [...row]),
  ]);
  const [queryOfPosition, keyOfPosition] = positionVectors(size, distance);
  for (let row = first; row < hidden; row++) {
    for (let column = 0; column < hidden; column++) {
      query[row * hidden + column] = positional * queryOfPosition[row - first] * common[column];
      key[row * hidden + column] = positional * keyOfPosition[row - first] * common[column];
    }
  }
  const output = value.map((_, i) => copied * value[(i % hidden) * hidden + Math.floor(i / hidden)]);
  return { q_proj: query, k_proj: key, v_proj: value, o_proj: output };
}

/** A query and a key whose product, rotated to their positions, is largest where the key is `distance` before. */
function positionVectors(size: number, distance: number): [query: Float32Array, key: Float32Array] {
  const [query, key] = [new Float32Array(size), new Float32Array(size)];
  for (let pair = 0; pair < rotatedPairs; pair++) {
    const angle = distance * ropeTheta ** ((-2 * pair) / size);
    query[pair] = Math.cos(angle);
    query[pair + size / 2] = -Math.sin(angle);
    key[pair] = 1;
  }
  return [query, key];
}

/** A word starts from one vector with and without its space: the same vector is added for every space. */
function wordEmbeddings(
  vocabulary: ReadonlyMap<string, number>,
  common: Float32Array,
  random: Random,
): Float32Array {
  const { hidden } = geometry;
  const values = Float32Array.from(
    { length: vocabulary.size * hidden },
    (_, i) => deviations.embedding * random.normal() + deviations.common * common[i % hidden],
  );
  const space = Float32Array.from({ length: hidden }, () => deviations.space * random.normal());
  for (const { spaced, plain } of spacedWordIds(vocabulary)) {
    for (let i = 0; i < hidden; i++) values[spaced * hidden + i] = values[plain * hidden + i] + space[i];
  }
  return values;
}

type Rows = readonly Float64Array[];

/** A random orthogonal matrix. */
function orthogonal(size: number, random: Random): Float32Array {
  return Float32Array.from(orthogonalRows(size, size, random).flatMap(row => [...row]));
}

/** Random rows of length 1, orthogonal to each other and to those given (Gram–Schmidt). */
function orthogonalRows(size: number, count: number, random: Random, given: Rows = []): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < count) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (const other of [...given, ...rows]) {
      const product = other.reduce((sum, value, i) => sum + value * row[i], 0);
      other.forEach((value, i) => (row[i] -= product * value));
    }
    const norm = Math.hypot(...row);
    rows.push(row.map(value => value / norm));
  }
  return rows;
}
