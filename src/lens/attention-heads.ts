/** @file Attention of one token of a prompt, head by head, base and tuned. */
import { InputError } from '../common/errors';
import type { HostTensor } from '../engine/session';
import type { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import type { PassOptions } from '../model/pass-options';
import type { AttentionHeadsRequest, AttentionHeadsResult } from '../protocol/attention-heads';
import type { JobHooks } from '../protocol/jobs';
import { type OpenedModel, withOpenedModel } from './opened-model';
import { passOptions, promptOf, tracedPrompt } from './source-prompt';

/** @throws InputError, CancelledError */
export function attentionHeads(
  request: AttentionHeadsRequest,
  hooks: JobHooks = {},
  use = withOpenedModel,
): Promise<AttentionHeadsResult> {
  return use(request, hooks, opened => headsOf(request, hooks, opened));
}

async function headsOf(
  request: AttentionHeadsRequest,
  hooks: JobHooks,
  { model, tuned, tokenizer }: OpenedModel,
): Promise<AttentionHeadsResult> {
  const { token } = request;
  const options = passOptions(request, model, hooks);
  const { lastPromptToken } = promptOf(request.source, tokenizer, request.max_seq_length);
  // What comes after a token does not change what it attends to.
  const asked = token <= lastPromptToken ? { ...request, max_new_tokens: 0 } : request;
  const { inputIds } = await tracedPrompt(asked, tuned ?? model, tokenizer, options, hooks);
  if (token >= inputIds.length)
    throw new InputError(`There is no token ${token}: the prompt has ${inputIds.length}, counted from 0.`);
  const seen = inputIds.slice(0, token + 1);
  const base = await attentionOfLast(model, seen, options);
  hooks.progress?.({ phase: 'Attention', fraction: tuned ? 0.5 : 1, detail: `${seen.length} tokens` });
  return {
    layers: [...base.keys()],
    heads: base[0].length,
    base,
    ...(tuned ? { tuned: await attentionOfLast(tuned, seen, options) } : {}),
  };
}

/** Attention of the last token, [layer][head][token]. */
async function attentionOfLast(
  model: Model,
  inputIds: readonly number[],
  options: PassOptions,
): Promise<number[][][]> {
  const layers: number[][][] = [];
  await model.forward(packRows([inputIds]), {
    ...options,
    attention: true,
    onLayer: (_, { attention }) => {
      if (!attention) throw new Error('a layer gave no attention');
      layers.push(lastRows(attention));
    },
  });
  return layers;
}

/** Of [1, heads, length, length]: the last row of each head. */
function lastRows({ data, shape: [, heads, length] }: HostTensor): number[][] {
  return Array.from({ length: heads }, (_, head) => {
    const end = (head + 1) * length * length;
    return Array.from((data as Float32Array).subarray(end - length, end));
  });
}
