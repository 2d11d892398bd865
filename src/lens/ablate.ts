/** @file Ablation: what a model answers with experts switched off, or to other words, and how probable that is. */
import { InputError } from '../common/errors';
import type { PassOptions } from '../model/pass-options';
import type { AblateRequest, AblateResult, AblationVariant } from '../protocol/ablation';
import type { JobHooks, PromptSource } from '../protocol/jobs';
import { continuationProbabilities } from './continuation-probabilities';
import { continuePrompts, generatedText } from './continue-prompts';
import type { LazyTokenizer } from './dataset';
import { checkedMask } from './expert-list';
import { checkMemory, tracingWork } from './job-estimate';
import { type OpenedModel, withOpenedModel } from './opened-model';
import { checkLength, promptOf, samplePrompt, type SourcePrompt, textSampleAt } from './source-prompt';

/** @throws InputError, CancelledError */
export function ablate(
  request: AblateRequest,
  hooks: JobHooks = {},
  use = withOpenedModel,
): Promise<AblateResult> {
  return use(request, hooks, opened => answersOf(request, hooks, opened));
}

/** Text, and its tokens. */
interface Answer {
  readonly text: string;
  readonly inputIds: readonly number[];
}

async function answersOf(
  request: AblateRequest,
  { signal, progress }: JobHooks,
  { model: base, tuned, tokenizer }: OpenedModel,
): Promise<AblateResult> {
  const { source, max_seq_length: limit, max_new_tokens: maxNewTokens } = request;
  const model = tuned ?? base;
  const original = promptOf(source, tokenizer, limit);
  const variants = request.variants.map(variant => ({
    name: variant.name,
    prompt: promptTokens(variantPrompt(variant, source, tokenizer, limit)),
    mask: checkedMask(variant.mask ?? {}, model, `The mask of "${variant.name}"`),
  }));
  // The answer and the reference are scored together.
  const longest = variants.reduce((a, { prompt }) => (prompt.length > a.length ? prompt : a), [] as number[]);
  const reserve = Math.max(maxNewTokens, original.answer?.inputIds.length ?? 0);
  checkMemory(model, tracingWork(model, [longest, longest], { maxNewTokens: reserve }));

  const say = async (prompt: readonly number[], options: PassOptions): Promise<Answer> => {
    const [inputIds] = await continuePrompts(model, tokenizer, [prompt], { ...options, maxNewTokens });
    return { inputIds, text: generatedText(tokenizer.get(), prompt[prompt.length - 1], inputIds).text };
  };
  const reference = original.answer ?? (await say(promptTokens(original), { signal }));
  const results: AblateResult['variants'] = [];
  for (const [i, { name, prompt, mask }] of variants.entries()) {
    progress?.({ phase: 'Ablation', fraction: i / variants.length, detail: name });
    const answer = await say(prompt, { mask, signal });
    const continuations = [answer, reference].map(({ inputIds }) => saidTokens(inputIds, tokenizer));
    const [answer_probability, reference_probability] = await continuationProbabilities(
      model,
      prompt,
      continuations,
      { mask, signal },
    );
    results.push({ name, answer: answer.text, answer_probability, reference_probability });
  }
  return { reference: reference.text, variants: results };
}

function variantPrompt(
  { name, text, context }: AblationVariant,
  source: PromptSource,
  tokenizer: LazyTokenizer,
  limit: number,
): SourcePrompt {
  if (source.kind === 'text') {
    if (context !== undefined)
      throw new InputError(`"${name}": a text has no context of its own to replace. Give the whole text.`);
    return promptOf({ kind: 'text', text: text ?? source.text }, tokenizer, limit);
  }
  if (text !== undefined)
    throw new InputError(`"${name}": a sample has no text of its own to replace. Give a context.`);
  const sample = textSampleAt(source.file, source.index);
  const prompt = samplePrompt({ ...sample, context: context ?? sample.context }, tokenizer);
  checkLength(prompt, limit);
  return prompt;
}

/** Without a sample's answer. */
function promptTokens({ inputIds, lastPromptToken }: SourcePrompt): number[] {
  return inputIds.slice(0, lastPromptToken + 1);
}

/** Who says nothing says that it is the end. */
function saidTokens(inputIds: readonly number[], tokenizer: LazyTokenizer): readonly number[] {
  const { eosTokenId } = tokenizer.get();
  return inputIds.length > 0 || eosTokenId === undefined ? inputIds : [eosTokenId];
}
