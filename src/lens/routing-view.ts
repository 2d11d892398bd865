/** @file Routing of one prompt, base and tuned, as the panel and the hovers show it. */
import path from 'node:path';

import { expertCounts } from '../model/architecture';
import type { Model } from '../model/model';
import type { JobHooks, TraceRequest } from '../protocol/jobs';
import type { RoutedToken, RoutingSide, RoutingView } from '../protocol/routing-view';
import { type OpenedModel, withOpenedModel } from './opened-model';
import { routingSide } from './routing-side';
import { isWithin, passOptions, type SourcePrompt, spanOf, tracedPrompt } from './source-prompt';

/** @throws InputError, CancelledError */
export function traceRouting(
  request: TraceRequest,
  hooks: JobHooks = {},
  use = withOpenedModel,
): Promise<RoutingView> {
  return use(request, hooks, opened => routingView(request, hooks, opened));
}

async function routingView(
  request: TraceRequest,
  hooks: JobHooks,
  { model, tuned, tokenizer, statistics }: OpenedModel,
): Promise<RoutingView> {
  const { run, mask } = request;
  const options = passOptions(request, model, hooks);
  const prompt = await tracedPrompt(request, tuned ?? model, tokenizer, options, hooks);
  const side = async (of: Model, fraction: number): Promise<RoutingSide> => {
    const found = await routingSide(of, prompt, statistics?.ce ?? {}, options);
    hooks.progress?.({ phase: 'Tracing', fraction, detail: `${prompt.inputIds.length} tokens` });
    return found;
  };
  const base = await side(model, tuned ? 0.5 : 1);
  const { experts, topK } = expertCounts(model.architecture);
  return {
    model_name: model.checkpoint.name,
    model_path: path.resolve(request.model),
    ...(run === undefined ? {} : { run_id: path.basename(path.resolve(run)) }),
    ...(mask === undefined ? {} : { mask_name: mask.name }),
    num_layers: model.architecture.layers.length,
    moe_layers: [...model.moeLayers],
    num_experts: experts,
    top_k: topK,
    text: prompt.text,
    source: prompt.source,
    tokens: routedTokens(prompt),
    ...(request.max_new_tokens > 0 ? { generated_by: tuned ? 'tuned' : 'base' } : {}),
    last_prompt_token: prompt.lastPromptToken,
    ...(prompt.answer === undefined ? {} : { answer: prompt.answer.text }),
    ce: statistics?.ce ?? {},
    oe: statistics?.oe ?? {},
    base,
    ...(tuned ? { tuned: await side(tuned, 1) } : {}),
  };
}

function routedTokens({ inputIds, text, offsets, spans }: SourcePrompt): RoutedToken[] {
  return inputIds.map((id, token) => {
    const [start, end] = offsets[token];
    return {
      id,
      text: text.slice(start, end),
      start,
      end,
      span: spanOf(spans, token),
      answer_in_context: isWithin(spans.answerInContext, token),
    };
  });
}
