/** @file What the engine is asked for an ablation, worked out by hand. */
import { describe, expect, test } from 'vitest';

import { exampleView } from '../../../test/fixtures/routing-view';
import type { RoutingView } from '../../protocol/routing-view';
import { outcomeOf, planVariants } from './ablation-request';

const view = exampleView(true); // `<u>Who` + backtick + `?` + line break + `<a>`, CE { 1: [2], 3: [0] }
const text = { kind: 'text' as const, text: 'Who`?\n' };
const sample = { kind: 'sample' as const, file: 'd.json', index: 0 };
/** The second token is the context. */
const withContext: RoutingView = {
  ...view,
  tokens: view.tokens.map((token, i) => (i === 1 ? { ...token, span: 'context' as const } : token)),
};

describe('masks', () => {
  test('lists come from the run of the trace, or from the active set', () => {
    const question = { kind: 'ablation' as const, masks: ['none', 'faithful', 'original', 'set'] as const };
    const plan = planVariants(
      { ...view, oe: { 1: [3], 3: [1] } },
      text,
      { ...question, masks: [...question.masks] },
      { 3: [2] },
    );
    expect(plan.map(({ variant }) => variant)).toEqual([
      { name: 'none' },
      { name: 'faithful', mask: { 1: [2], 3: [0] } },
      { name: 'original', mask: { 1: [3], 3: [1] } },
      { name: 'set', mask: { 3: [2] } },
    ]);
  });

  test('random: as many in each layer as are context-faithful, the same each time', () => {
    const draw = (): Record<string, number[]> | undefined =>
      planVariants(
        { ...view, ce: { 1: [0, 1], 3: [2] } },
        text,
        { kind: 'ablation', masks: ['random'] },
        undefined,
      )[0].variant.mask;
    const mask = draw();
    expect(Object.entries(mask ?? {}).map(([layer, experts]) => [layer, experts.length])).toEqual([
      ['1', 2],
      ['3', 1],
    ]);
    for (const experts of Object.values(mask ?? {})) {
      expect(new Set(experts).size).toBe(experts.length);
      expect(experts.every(expert => expert >= 0 && expert < 4)).toBe(true);
    }
    expect(draw()).toEqual(mask);
  });

  test('a set that is not there is an error that says what to do', () => {
    const ask = (): unknown => planVariants(view, text, { kind: 'ablation', masks: ['set'] }, undefined);
    expect(ask).toThrow(/Experts view/);
  });
});

describe('edited words', () => {
  test('take the place of the context within the text', () => {
    const plan = planVariants(
      withContext,
      text,
      { kind: 'ablation', masks: ['none'], edited: 'When' },
      undefined,
    );
    expect(plan.map(({ edited, variant }) => [edited, variant])).toEqual([
      [false, { name: 'none' }],
      [true, { name: 'none, edited', text: 'When?\n' }],
    ]);
  });
  test('of the whole text where it has no context', () => {
    const [, edited] = planVariants(
      view,
      text,
      { kind: 'ablation', masks: ['none'], edited: 'Why?' },
      undefined,
    );
    expect(edited.variant.text).toBe('Why?');
  });
  test('of a sample’s context', () => {
    const question = { kind: 'ablation' as const, masks: ['none' as const], edited: 'Because.' };
    const [, edited] = planVariants(withContext, sample, question, undefined);
    expect(edited.variant).toEqual({ name: 'none, edited', context: 'Because.' });
    expect(() => planVariants(view, sample, question, undefined)).toThrow(/no context/);
  });
});

test('answers belong to the masks and texts in the order in which they were asked', () => {
  const plan = planVariants(
    view,
    text,
    { kind: 'ablation', masks: ['none', 'faithful'], edited: 'x' },
    undefined,
  );
  const answers = ['a', 'b', 'c', 'd'].map((answer, i) => ({
    ...{ name: '', answer, answer_probability: i / 4, reference_probability: i / 8 },
  }));
  expect(outcomeOf(plan, { reference: 'a', variants: answers })).toEqual({
    reference: 'a',
    outcomes: [
      { mask: 'none', edited: false, answer: 'a', answer_probability: 0, reference_probability: 0 },
      { mask: 'none', edited: true, answer: 'b', answer_probability: 0.25, reference_probability: 0.125 },
      { mask: 'faithful', edited: false, answer: 'c', answer_probability: 0.5, reference_probability: 0.25 },
      { mask: 'faithful', edited: true, answer: 'd', answer_probability: 0.75, reference_probability: 0.375 },
    ],
  });
});
