/** @file Routing of one prompt, base and tuned, as the panel and the hovers show it. */
import path from 'node:path';

import { InputError } from '../common/errors';
import { parseUserTurn, renderUserTurn } from '../data/prompt';
import { isTokenSample } from '../data/sample';
import { shifted, type Span } from '../data/spans';
import { promptSpans, tokenizeSample, tokenizeUserTurn } from '../data/tokenized-sample';
import { expertCounts, mixtureOf } from '../model/architecture';
import type { Model, PassOptions } from '../model/model';
import { packRows } from '../model/packed-batch';
import { attentionFrom, type LayerTrace, type Trace, traceBatch } from '../model/trace';
import type { ExpertList } from '../protocol/artifacts';
import type { JobHooks, TraceRequest } from '../protocol/jobs';
import type { RoutedToken, RoutingSide, RoutingView, TokenSpan } from '../protocol/routing-view';
import { sumOver } from './analyses/attention';
import { continuePrompts, generatedText } from './continue-prompts';
import { LazyTokenizer } from './dataset';
import { openModel } from './open-model';
import { RunFolder } from './run-folder';
import { sampleAt } from './trace-job';
import { tunedVariant } from './variant';

interface Prompt {
  readonly inputIds: readonly number[];
  readonly text: string;
  readonly offsets: readonly Span[];
  /** Where the user's text lies in `text`. */
  readonly source: { readonly start: number; readonly end: number };
  readonly spans: {
    readonly context?: Span;
    readonly question?: Span;
    readonly answer?: Span;
    readonly answerInContext?: Span;
    readonly generated?: Span;
  };
  readonly lastPromptToken: number;
}

/** @throws InputError, CancelledError */
export async function traceRouting(request: TraceRequest, hooks: JobHooks = {}): Promise<RoutingView> {
  const { engine, source, run } = request;
  const model = await openModel(request.model, engine, hooks);
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const given =
      source.kind === 'text' ? textPrompt(source.text, tokenizer) : samplePrompt(source, tokenizer);
    checkLength(given, request.max_seq_length);
    const statistics = run === undefined ? undefined : RunFolder.open(run).statistics();
    const tuned = run === undefined ? undefined : tunedVariant(run, model).model;
    const generates = request.max_new_tokens > 0;
    if (generates)
      hooks.progress?.({ phase: 'Generating', fraction: 0, detail: `${given.inputIds.length} tokens` });
    const prompt = generates
      ? await continued(given, tuned ?? model, tokenizer, {
          maxNewTokens: request.max_new_tokens,
          signal: hooks.signal,
        })
      : given;
    const side = async (of: Model, fraction: number): Promise<RoutingSide> => {
      const options = { attention: true, signal: hooks.signal };
      const trace = await traceBatch(of, packRows([prompt.inputIds]), options);
      hooks.progress?.({ phase: 'Tracing', fraction, detail: `${prompt.inputIds.length} tokens` });
      return routingSide(model, trace, prompt, statistics?.ce ?? {});
    };
    const base = await side(model, tuned ? 0.5 : 1);
    const { experts, topK } = expertCounts(model.architecture);
    return {
      model_name: model.checkpoint.name,
      model_path: path.resolve(request.model),
      ...(run === undefined ? {} : { run_id: path.basename(path.resolve(run)) }),
      num_layers: model.architecture.layers.length,
      moe_layers: [...model.moeLayers],
      num_experts: experts,
      top_k: topK,
      text: prompt.text,
      source: prompt.source,
      tokens: routedTokens(prompt),
      ...(generates ? { generated_by: tuned ? 'tuned' : 'base' } : {}),
      last_prompt_token: prompt.lastPromptToken,
      ce: statistics?.ce ?? {},
      oe: statistics?.oe ?? {},
      base,
      ...(tuned ? { tuned: await side(tuned, 1) } : {}),
    };
  } finally {
    await model.release();
  }
}

function checkLength({ inputIds }: Prompt, limit: number): void {
  if (inputIds.length > limit) {
    throw new InputError(
      `The prompt has ${inputIds.length} tokens, more than the limit of ${limit}. Trace a part of it, or raise the limit.`,
    );
  }
}

/** Free text as the user's turn; its context and question are known if it has the wording of the method. */
function textPrompt(text: string, tokenizer: LazyTokenizer): Prompt {
  if (text.trim() === '') throw new InputError('The text is empty. Write a prompt first.');
  const prompt = tokenizeUserTurn(tokenizer.get(), text);
  const turn = parseUserTurn(text);
  return {
    ...prompt,
    source: sourceRange(prompt),
    spans: turn ? promptSpans(prompt, turn) : {},
    lastPromptToken: prompt.inputIds.length - 1,
  };
}

function samplePrompt({ file, index }: { file: string; index: number }, tokenizer: LazyTokenizer): Prompt {
  const sample = sampleAt(file, index);
  if (isTokenSample(sample)) {
    throw new InputError(
      `${file}, sample ${index}: holds token ids without text. Choose a dataset of texts to see its routing.`,
    );
  }
  const { inputIds, spans, text, offsets } = tokenizeSample(tokenizer.get(), sample);
  if (text === undefined || offsets === undefined)
    throw new Error('a sample of text was tokenised without its text');
  const prompt = tokenizeUserTurn(tokenizer.get(), renderUserTurn(sample));
  return {
    inputIds,
    text,
    offsets,
    spans,
    source: sourceRange(prompt),
    lastPromptToken: spans.answer[0] - 1,
  };
}

/** The prompt without an answer, and what the model continues it by. */
async function continued(
  { text, inputIds, offsets, lastPromptToken, ...prompt }: Prompt,
  model: Model,
  tokenizer: LazyTokenizer,
  options: PassOptions & { maxNewTokens: number },
): Promise<Prompt> {
  const asked = inputIds.slice(0, lastPromptToken + 1);
  const [ids] = await continuePrompts(model, tokenizer, [asked], options);
  const generated = generatedText(tokenizer.get(), asked[lastPromptToken], ids);
  const promptText = text.slice(0, offsets[lastPromptToken][1]);
  const { context, question, answerInContext } = prompt.spans;
  return {
    ...prompt,
    inputIds: [...asked, ...ids],
    text: promptText + generated.text,
    offsets: [
      ...offsets.slice(0, asked.length),
      ...generated.offsets.map(offset => shifted(offset, promptText.length)),
    ],
    spans: { context, question, answerInContext, generated: [asked.length, asked.length + ids.length] },
    lastPromptToken,
  };
}

/** Where position 0 of the user's text would stand: the template may have trimmed what surrounds it. */
function sourceRange({
  userTurn,
  userTurnShift,
}: {
  userTurn: Span;
  userTurnShift: number;
}): Prompt['source'] {
  return { start: userTurnShift, end: userTurn[1] };
}

function routedTokens({ inputIds, text, offsets, spans }: Prompt): RoutedToken[] {
  const within = (span: Span | undefined, token: number): boolean =>
    span !== undefined && token >= span[0] && token < span[1];
  const spanOf = (token: number): TokenSpan => {
    if (within(spans.context, token)) return 'context';
    if (within(spans.question, token)) return 'question';
    if (within(spans.generated, token)) return 'generated';
    return within(spans.answer, token) ? 'answer' : 'template';
  };
  return inputIds.map((id, token) => {
    const [start, end] = offsets[token];
    return {
      id,
      text: text.slice(start, end),
      start,
      end,
      span: spanOf(token),
      answer_in_context: within(spans.answerInContext, token),
    };
  });
}

function routingSide(model: Model, trace: Trace, prompt: Prompt, ce: ExpertList): RoutingSide {
  const traced = model.moeLayers.map(layer => {
    const found = trace.moe.get(layer);
    if (!found) throw new Error(`layer ${layer} was not traced`);
    return { layer, trace: found, ...mixtureOf(model.architecture, layer) };
  });
  const attention = trace.attention.map(layer =>
    attentionFrom(layer, trace.batch, 0, prompt.lastPromptToken),
  );
  const { context, answerInContext } = prompt.spans;
  const hasCe = Object.keys(ce).length > 0;
  return {
    topk_indices: traced.map(({ trace }) => Array.from(trace.topkIndices)),
    topk_weights: traced.map(({ trace }) => Array.from(trace.topkWeights)),
    ce_share: hasCe ? traced.map(({ layer, trace, topK }) => ceShare(trace, topK, ce[layer] ?? [])) : [],
    router_entropy: traced.map(({ trace, experts }) => routerEntropy(trace, experts)),
    attention_from_last: attention.map(layer => Array.from(layer)),
    attention_to_context: context ? attention.map(layer => sumOver(layer, context)) : [],
    attention_to_answer: answerInContext ? attention.map(layer => sumOver(layer, answerInContext)) : [],
  };
}

/** Share of each token's top-k weight that goes to the listed experts. */
function ceShare({ topkIndices, topkWeights }: LayerTrace, topK: number, ce: readonly number[]): number[] {
  return Array.from({ length: topkIndices.length / topK }, (_, token) => {
    let [listed, all] = [0, 0];
    for (let slot = token * topK; slot < (token + 1) * topK; slot++) {
      all += topkWeights[slot];
      if (ce.includes(topkIndices[slot])) listed += topkWeights[slot];
    }
    return listed / all;
  });
}

/** Entropy of the softmax over all experts, divided by its largest value ln(experts). */
function routerEntropy({ routerLogits }: LayerTrace, experts: number): number[] {
  return Array.from({ length: routerLogits.length / experts }, (_, token) => {
    const logits = routerLogits.subarray(token * experts, (token + 1) * experts);
    const largest = Math.max(...logits);
    const weights = Array.from(logits, logit => Math.exp(logit - largest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const entropy = weights.reduce(
      (total, weight) => total - (weight > 0 ? (weight / sum) * Math.log(weight / sum) : 0),
      0,
    );
    return Math.min(1, entropy / Math.log(experts));
  });
}
