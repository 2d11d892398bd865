/** @file Attention from the last prompt token to each token of one prompt, and its picture over the text. */
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import { textPanel } from '../../figures/text-panel';
import { packRows } from '../../model/packed-batch';
import { attentionFrom } from '../../model/trace';
import type { TokenAttention } from '../../protocol/analysis-results';
import type { LoadedSample } from '../dataset';
import type { Variant } from '../variant';
import type { PassHooks } from './pass-hooks';

export async function tokenAttention(
  base: Variant,
  tuned: Variant,
  sample: LoadedSample,
  hooks: PassHooks = {},
): Promise<TokenAttention> {
  const length = sample.spans.answer[0];
  const { context = [0, 0], answerInContext = [0, 0] } = sample.spans;
  const tokens = Array.from({ length }, (_, token) => ({
    text: tokenText(sample, token),
    in_context: token >= context[0] && token < context[1],
    in_answer: token >= answerInContext[0] && token < answerInContext[1],
  }));
  return {
    sample: sample.index,
    tokens,
    base: await attentionByLayer(base, sample.inputIds.slice(0, length), hooks),
    tuned: await attentionByLayer(tuned, sample.inputIds.slice(0, length), hooks),
  };
}

/** Samples that came as tokens show their numbers. */
function tokenText({ inputIds, text, offsets }: LoadedSample, token: number): string {
  return text === undefined || offsets === undefined ? `${inputIds[token]} ` : text.slice(...offsets[token]);
}

/** [layer][token], mean over heads. */
async function attentionByLayer(
  { model, pass }: Variant,
  prompt: readonly number[],
  { signal }: PassHooks,
): Promise<number[][]> {
  const batch = packRows([prompt]);
  const layers: number[][] = [];
  await model.forward(batch, {
    ...pass,
    signal,
    attention: true,
    onLayer: (_, { attention }) => {
      if (!attention) throw new Error('a layer gave no attention');
      layers.push(Array.from(attentionFrom(attention, batch, 0, prompt.length - 1)));
    },
  });
  return layers;
}

export function tokenTable({ tokens, base, tuned }: TokenAttention): Table {
  return {
    columns: ['layer', 'token', 'text', 'in_context', 'in_answer', 'base', 'tuned', 'difference'],
    rows: base.flatMap((row, layer) =>
      row.map((before, token): Cell[] => {
        const { text, in_context, in_answer } = tokens[token];
        const after = tuned[layer][token];
        return [layer, token, text, in_context, in_answer, before, after, after - before];
      }),
    ),
  };
}

/** The text of the prompt in the colours of tuned − base at one layer; the answer in the context is underlined. */
export function tokenFigure({ sample, tokens, base, tuned }: TokenAttention, layer: number): string {
  const pieces = tokens.map(({ text, in_answer }, token) => ({
    text,
    value: tuned[layer][token] - base[layer][token],
    underlined: in_answer,
  }));
  return figure({
    title: `Attention gain by token, layer ${layer}`,
    note: `Attention from the last prompt token, mean over heads: tuned − base. Sample ${sample}; the answer in its context is underlined.`,
    panels: [textPanel(pieces, value => value.toFixed(3))],
  });
}
