/** @file A routing view small enough to work out by hand: layer 0 dense, layers 1 and 2 with 4 experts, top 2, 2 tokens. */
import type { RoutingView } from '../../src/protocol/routing-view';

export const smallView: RoutingView = {
  model_name: 'small',
  model_path: 'models/small',
  run_id: 'run',
  num_layers: 3,
  moe_layers: [1, 2],
  num_experts: 4,
  top_k: 2,
  text: 'Paris?',
  source: { start: 0, end: 6 },
  tokens: [
    { id: 10, text: 'Paris', start: 0, end: 5, span: 'context', answer_in_context: true },
    { id: 11, text: '?', start: 5, end: 6, span: 'question', answer_in_context: false },
  ],
  last_prompt_token: 1,
  ce: { '1': [3, 0], '2': [0, 2] },
  oe: { '1': [1, 0], '2': [0, 2] },
  base: {
    topk_indices: [
      [0, 1, 1, 2],
      [2, 3, 0, 1],
    ],
    topk_weights: [
      [0.5, 0.5, 0.75, 0.25],
      [0.75, 0.25, 0.5, 0.5],
    ],
    ce_share: [
      [0.5, 0],
      [0.75, 0],
    ],
    router_entropy: [
      [0.8, 0.95],
      [0.65, 0.7],
    ],
    attention_from_last: [
      [0.5, 0.5],
      [0.2, 0.8],
      [0.5, 0.5],
    ],
    attention_to_context: [0.5, 0.2, 0.5],
    attention_to_answer: [0.5, 0.2, 0.5],
    answer_probability: [0.1, 0.2, 0.4],
  },
  tuned: {
    topk_indices: [
      [3, 0, 1, 0],
      [2, 1, 0, 3],
    ],
    topk_weights: [
      [0.5, 0.5, 0.75, 0.25],
      [0.5, 0.5, 0.75, 0.25],
    ],
    ce_share: [
      [1, 0.25],
      [0.5, 0.75],
    ],
    router_entropy: [
      [0.7, 0.9],
      [0.6, 0.75],
    ],
    attention_from_last: [
      [0.5, 0.5],
      [0.4, 0.6],
      [0.9, 0.1],
    ],
    attention_to_context: [0.5, 0.4, 0.9],
    attention_to_answer: [0.5, 0.4, 0.9],
    answer_probability: [0.1, 0.3, 0.8],
  },
};
