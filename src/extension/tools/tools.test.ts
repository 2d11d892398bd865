/** @file Tools for agents: what they take and what they say. */
import { describe, expect, test } from 'vitest';

import { exampleView } from '../../../test/fixtures/routing-view';
import { InputError } from '../../common/errors';
import { IdentifyInputSchema, parseToolInput, TraceInputSchema } from './tool-inputs';
import { traceResult } from './tool-results';

describe('input', () => {
  test('is taken as package.json describes it', () => {
    expect(parseToolInput(TraceInputSchema, { prompt: 'Who?' })).toEqual({ prompt: 'Who?' });
    const input = { dataset: 'data/a_train.json', model: 'm', k: 2, limit_train: 100 };
    expect(parseToolInput(IdentifyInputSchema, input)).toEqual(input);
  });

  test.each([
    [TraceInputSchema, {}, 'prompt'],
    [TraceInputSchema, { prompt: ' \n' }, 'prompt'],
    [TraceInputSchema, { prompt: 'x', model: '' }, 'model'],
    [TraceInputSchema, null, 'all'],
    [IdentifyInputSchema, {}, 'dataset'],
    [IdentifyInputSchema, { dataset: 'd', k: 0 }, 'k'],
    [IdentifyInputSchema, { dataset: 'd', limit_train: 1.5 }, 'limit_train'],
  ])('%# is refused, naming the field', (schema, input, field) => {
    const parse = (): unknown => parseToolInput(schema, input);
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`Input of the tool: ${field}: `);
  });
});

describe('a trace', () => {
  test('names the most used experts of each layer, and the share of ★', () => {
    const { text, json } = traceResult(exampleView(true));
    // Four tokens with two slots. Tuned, layer 1: 0, 1 · 2, 1 · 0, 1 · 0, 1; layer 3: 3, 2 · 3, 0 · 3, 2 · 3, 2.
    expect(json).toMatchObject({
      ...{ model: 'tiny', routers: 'router-tuned', prompt_tokens: 4, top_k: 2, experts_per_layer: 4 },
      // Of four tokens one has (0.75 + 0.25) / 2.
      share_to_context_faithful: { base: 0, tuned: 0.125 },
      layers: [
        {
          layer: 1,
          context_faithful: [2],
          used: [
            { expert: 1, share: 0.5, context_faithful: false },
            { expert: 0, share: 0.375, context_faithful: false },
            { expert: 2, share: 0.125, context_faithful: true },
          ],
          last_prompt_token: [
            { expert: 0, weight: 0.75 },
            { expert: 1, weight: 0.25 },
          ],
        },
        { layer: 3, used: [{ expert: 3 }, { expert: 2 }, { expert: 0, context_faithful: true }] },
      ],
    });
    expect(text).toContain('Layer 1: 1 (50 %), 0 (38 %), ★ 2 (13 %)');
    expect(text).toContain('0 % before, 13 % after router tuning');
  });

  test('of a model without a run says that its context-faithful experts are not known', () => {
    const { text, json } = traceResult(exampleView(false));
    expect(text).toContain('routerLens_identify finds them');
    expect(json).not.toHaveProperty('share_to_context_faithful');
    expect(json).toMatchObject({ routers: 'base' });
  });
});
