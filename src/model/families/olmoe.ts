/** @file OLMoE (OlmoeForCausalLM): softmax over all experts, then top-k; norms on whole query and key vectors. */
import * as v from 'valibot';

import type { Architecture } from '../architecture';
import { commonConfig, count, decoderTensors, plainRotary } from './shared';

const config = v.object({
  ...commonConfig,
  num_experts: count,
  num_experts_per_tok: count,
  norm_topk_prob: v.optional(v.boolean(), false),
  clip_qkv: v.nullish(v.number()),
});

export const olmoe = {
  name: 'olmoe',
  modelTypes: ['olmoe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    const hidden = c.hidden_size;
    const headSize = c.head_dim ?? hidden / c.num_attention_heads;
    const keyValueHeads = c.num_key_value_heads ?? c.num_attention_heads;
    const width = c.moe_intermediate_size ?? c.intermediate_size;
    const [queryWidth, keyWidth] = [c.num_attention_heads * headSize, keyValueHeads * headSize];
    return {
      family: 'olmoe',
      ...decoderTensors(c),
      rotary: plainRotary(c, headSize),
      layers: Array.from({ length: c.num_hidden_layers }, (_, layer) => {
        const prefix = `model.layers.${layer}`;
        return {
          inputNorm: { name: `${prefix}.input_layernorm.weight`, shape: [hidden] },
          postAttentionNorm: { name: `${prefix}.post_attention_layernorm.weight`, shape: [hidden] },
          attention: {
            heads: c.num_attention_heads,
            keyValueHeads,
            headSize,
            scale: headSize ** -0.5,
            query: { name: `${prefix}.self_attn.q_proj.weight`, shape: [queryWidth, hidden] },
            key: { name: `${prefix}.self_attn.k_proj.weight`, shape: [keyWidth, hidden] },
            value: { name: `${prefix}.self_attn.v_proj.weight`, shape: [keyWidth, hidden] },
            output: { name: `${prefix}.self_attn.o_proj.weight`, shape: [hidden, queryWidth] },
            queryNorm: { name: `${prefix}.self_attn.q_norm.weight`, shape: [queryWidth] },
            keyNorm: { name: `${prefix}.self_attn.k_norm.weight`, shape: [keyWidth] },
            clip: c.clip_qkv ?? undefined,
          },
          feedForward: {
            kind: 'mixture',
            experts: c.num_experts,
            topK: c.num_experts_per_tok,
            normalise: c.norm_topk_prob,
            router: { name: `${prefix}.mlp.gate.weight`, shape: [c.num_experts, hidden] },
            expert: expert => ({
              gate: { name: `${prefix}.mlp.experts.${expert}.gate_proj.weight`, shape: [width, hidden] },
              up: { name: `${prefix}.mlp.experts.${expert}.up_proj.weight`, shape: [width, hidden] },
              down: { name: `${prefix}.mlp.experts.${expert}.down_proj.weight`, shape: [hidden, width] },
            }),
          },
        };
      }),
    };
  },
};
