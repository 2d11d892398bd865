/** @file What the Routing panel and the token hovers show of one traced prompt. Made in `src/lens`, drawn by the faces. */
import * as v from 'valibot';

import { ExpertListSchema } from './artifacts';
import { indices, numbers } from './number-lists';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** `answer`: of a sample, as its dataset has it; `generated`: what the model continued the prompt by. */
export const TokenSpanSchema = v.picklist(['template', 'context', 'question', 'answer', 'generated']);
export type TokenSpan = v.InferOutput<typeof TokenSpanSchema>;

export const RoutedTokenSchema = v.object({
  id: index,
  /** The characters of `RoutingView.text` that this token covers. Empty for a token that covers none. */
  text: v.string(),
  /** UTF-16 offsets into `RoutingView.text`, end exclusive. */
  start: index,
  end: index,
  span: TokenSpanSchema,
  /** Lies in the first occurrence of the answer inside the context. */
  answer_in_context: v.boolean(),
});
export type RoutedToken = v.InferOutput<typeof RoutedTokenSchema>;

/** One model's routing of the prompt. First index of every matrix: position in `RoutingView.moe_layers` (or layer, where said). */
export const RoutingSideSchema = v.object({
  /** [MoE layer][token × top_k]: experts in descending order of router logit. */
  topk_indices: v.array(indices),
  /** [MoE layer][token × top_k]: the weights that the expert outputs are combined with. */
  topk_weights: v.array(numbers),
  /** [MoE layer][token]: share of the token's top-k weight that goes to context-faithful experts, 0 to 1. Empty without CE. */
  ce_share: v.array(numbers),
  /** [MoE layer][token]: entropy of the router's softmax over all experts, divided by ln(experts): 0 to 1. */
  router_entropy: v.array(numbers),
  /** [layer][token]: attention from the last prompt token, mean over heads. Sums to 1 over tokens (less with sinks). */
  attention_from_last: v.array(numbers),
  /** [layer]: that attention summed over the context tokens; empty when the prompt has no context. */
  attention_to_context: numbers,
  /** [layer]: the same over the answer's tokens inside the context; empty when there are none. */
  attention_to_answer: numbers,
  /**
   * [layer]: logit lens: probability of the first token of `RoutingView.answer` at the last prompt token, by final norm and
   * head applied to the hidden state after the layer; empty without an answer.
   */
  answer_probability: numbers,
});
export type RoutingSide = v.InferOutput<typeof RoutingSideSchema>;

export const RoutingViewSchema = v.object({
  model_name: v.string(),
  model_path: v.string(),
  /** The run that the tuned side and the CE come from. */
  run_id: v.optional(v.string()),
  /** The mask under which all of this was computed. */
  mask_name: v.optional(v.string()),
  num_layers: index,
  /** Layers that have a router, ascending. */
  moe_layers: v.array(index),
  num_experts: index,
  top_k: index,
  /** The whole rendered prompt, chat template included, and what follows it. */
  text: v.string(),
  /**
   * Where the traced text (document, selection or user turn) lies in `text`: UTF-16 offsets, end exclusive. `start` is
   * where its first character would stand, before 0 if the chat template cut white space away.
   */
  source: v.object({ start: v.pipe(v.number(), v.integer()), end: index }),
  tokens: v.array(RoutedTokenSchema),
  /** Which model generated the tokens with the span `generated`, and stopped or was stopped behind them. */
  generated_by: v.optional(v.picklist(['base', 'tuned'])),
  /** Position of the last token before the answer: attention is measured from here. */
  last_prompt_token: index,
  /** The sample's answer (the first accepted one), else what was generated; absent where there is neither. */
  answer: v.optional(v.string()),
  /** Context-faithful and original experts by layer; empty objects without a run. */
  ce: ExpertListSchema,
  oe: ExpertListSchema,
  base: RoutingSideSchema,
  tuned: v.optional(RoutingSideSchema),
});
export type RoutingView = v.InferOutput<typeof RoutingViewSchema>;
