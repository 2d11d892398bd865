/** @file Routing of one prompt, base and tuned, as the panel and the hovers show it. */
import path from 'node:path';

import { expertCounts } from '../model/architecture';
import type { Model, PassOptions } from '../model/model';
import type { JobHooks, TraceRequest } from '../protocol/jobs';
import type { RoutedToken, RoutingSide, RoutingView } from '../protocol/routing-view';
import { LazyTokenizer } from './dataset';
import { checkedMask } from './expert-list';
import { openModel } from './open-model';
import { routingSide } from './routing-side';
import { RunFolder } from './run-folder';
import { continued, isWithin, promptOf, type SourcePrompt, spanOf } from './source-prompt';
import { tunedVariant } from './variant';

/** @throws InputError, CancelledError */
export async function traceRouting(request: TraceRequest, hooks: JobHooks = {}): Promise<RoutingView> {
  const { engine, run } = request;
  const model = await openModel(request.model, engine, hooks);
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const statistics = run === undefined ? undefined : RunFolder.open(run).statistics();
    const tuned = run === undefined ? undefined : tunedVariant(run, model).model;
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
      ...(request.mask === undefined ? {} : { mask_name: request.mask.name }),
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
  } finally {
    await model.release();
  }
}

/** @throws InputError if the mask does not fit the model */
function passOptions({ mask }: TraceRequest, model: Model, { signal }: JobHooks): PassOptions {
  return {
    signal,
    ...(mask === undefined ? {} : { mask: checkedMask(mask.experts, model, `The mask "${mask.name}"`) }),
  };
}

/** The prompt of a request, continued by the model if it is asked for. */
async function tracedPrompt(
  { source, max_seq_length, max_new_tokens: maxNewTokens }: TraceRequest,
  model: Model,
  tokenizer: LazyTokenizer,
  options: PassOptions,
  hooks: JobHooks,
): Promise<SourcePrompt> {
  const prompt = promptOf(source, tokenizer, max_seq_length);
  if (maxNewTokens === 0) return prompt;
  hooks.progress?.({ phase: 'Generating', fraction: 0, detail: `${prompt.inputIds.length} tokens` });
  return continued(prompt, model, tokenizer, { ...options, maxNewTokens });
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
