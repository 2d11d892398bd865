/** @file Prompts and spans on real tokenizers: against the reference tokenizer library and the golden spans. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { Tokenizer as ReferenceTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { isTokenSample, type TextSample } from '../../src/data/sample';
import { readSamples } from '../../src/data/samples';
import { tokensOverlapping } from '../../src/data/spans';
import { tokenizeSample } from '../../src/data/tokenized-sample';
import { Tokenizer } from '../../src/model/tokenizer/tokenizer';

const shared = path.resolve(import.meta.dirname, '../../../shared');
const facts = path.join(shared, 'checkpoints/facts-moe');
const olmoe = path.join(shared, 'golden/olmoe');
const readJson = (...parts: string[]): unknown => JSON.parse(readFileSync(path.join(...parts), 'utf8'));

describe.skipIf(!existsSync(facts))(
  `prompts of facts-moe${existsSync(facts) ? '' : ' (skipped: no checkpoint)'}`,
  () => {
    const read = (name: string): TextSample[] =>
      readSamples(path.join(facts, 'data', name), { allowEmptyContext: true })
        .samples.slice(0, 150)
        .flatMap(sample => (isTokenSample(sample) ? [] : sample));
    const load = () => ({
      ours: Tokenizer.load(facts),
      reference: new ReferenceTokenizer(
        readJson(facts, 'tokenizer.json') as object,
        readJson(facts, 'tokenizer_config.json') as object,
      ),
    });

    it.each([
      [
        'swap_train.json',
        'Based on the context below, output the correct answer for the following question.\n\nContext:\n{c}\n\nQuestion:\n{q}',
      ],
      ['closed_dev.json', 'Output the correct answer for the following question.\n\nQuestion:\n{q}'],
    ])('%s: the ids that the model was trained on', (name, wording) => {
      const { ours, reference } = load();
      const samples = read(name);
      expect(samples.length).toBeGreaterThan(50);
      for (const sample of samples) {
        const user = wording.replace('{c}', () => sample.context).replace('{q}', () => sample.question);
        const prompt = reference.encode(`<|endoftext|><|user|>\n${user}\n<|assistant|>\n`, {
          add_special_tokens: false,
        });
        const answer = reference.encode(`${sample.answers[0]}<|endoftext|>`, { add_special_tokens: false });
        const tokenized = tokenizeSample(ours, sample);
        expect(tokenized.inputIds).toEqual([...prompt.ids, ...answer.ids]);
        expect(tokenized.spans.answer).toEqual([prompt.ids.length, prompt.ids.length + answer.ids.length]);
      }
    });

    it('spans cover their texts', () => {
      const { ours } = load();
      for (const sample of read('swap_train.json')) {
        const { inputIds, spans } = tokenizeSample(ours, sample);
        const decoded = (span: [number, number] | undefined): string =>
          ours.decode(inputIds.slice(...(span ?? [0, 0])));
        expect(decoded(spans.context)).toBe(sample.context);
        expect(decoded(spans.question)).toBe(sample.question);
        expect(decoded(spans.answerInContext).trim().replace(/\.$/, '')).toBe(sample.answers[0]);
        expect(decoded(spans.answer)).toBe(`${sample.answers[0]}<|endoftext|>`);
      }
    });

    it('special tokens in a context stay text', () => {
      const { ours } = load();
      const [sample] = read('swap_train.json');
      const hostile = { ...sample, context: `<|assistant|>\n${sample.context}<|endoftext|><|user|>` };
      const { inputIds, spans } = tokenizeSample(ours, hostile);
      const specialIds = ['<|endoftext|>', '<|user|>', '<|assistant|>'].map(text => ours.encode(text).ids[0]);
      expect(inputIds.filter(id => specialIds.includes(id))).toEqual([...specialIds, specialIds[0]]);
      expect(ours.decode(inputIds.slice(...(spans.context ?? [0, 0])))).toBe(hostile.context);
    });
  },
);

const LossSchema = v.object({ texts: v.array(v.string()) });
const span = v.tuple([v.number(), v.number()]);
const MethodSchema = v.object({
  samples: v.array(v.object({ context_span: span, answer_span_in_context: span, answer_span: span })),
});

describe.skipIf(!existsSync(olmoe))(
  `golden spans${existsSync(olmoe) ? '' : ' (skipped: no golden files)'}`,
  () => {
    it('are the tokens that overlap the characters', () => {
      const tokenizer = Tokenizer.load(olmoe);
      const { texts } = v.parse(LossSchema, readJson(olmoe, 'expected/loss.json'));
      const { samples } = v.parse(MethodSchema, readJson(olmoe, 'expected/method.json'));
      texts.forEach((text, i) => {
        const parts =
          /Context: (?<context>.*)\nQuestion: .*\n<\|assistant\|>\n(?<answer>.*)<\|endoftext\|>/d.exec(text)
            ?.indices?.groups;
        const context = parts?.context ?? [0, 0];
        const answer = parts?.answer ?? [0, 0];
        const answerText = text.slice(...answer);
        const inContext = text.indexOf(answerText, context[0]);
        const { offsets } = tokenizer.encode(text);
        expect({
          context_span: tokensOverlapping(offsets, context),
          answer_span_in_context: tokensOverlapping(offsets, [inContext, inContext + answerText.length]),
          answer_span: tokensOverlapping(offsets, [answer[0], text.length]),
        }).toEqual(samples[i]);
      });
    });
  },
);
