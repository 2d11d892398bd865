/** @file Makes the Routing panel's page show all of its parts, with seeded answers in the place of the engine's. */
import { syntheticView } from './synthetic-view.mjs';

/** Sends the page a message as the extension does. */
export const tell = (page, message) => page.evaluate(sent => window.postMessage(sent, '*'), message);

/** Answers the last thing that the page asked. */
async function reply(page, answer) {
  const id = await page.evaluate(() => window.posted.findLast(({ type }) => type === 'ask').id);
  await tell(page, { type: 'answer', id, answer });
}

/** Attention that falls off with distance, another one for each head. */
function heads(layers, token) {
  const row = head => {
    const raw = Array.from({ length: token + 1 }, (_, i) => 1 / (1 + ((i * (head + 1)) % 17)));
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map(value => value / sum);
  };
  const of = shift => layers.map(layer => Array.from({ length: 8 }, (_, head) => row(layer + head + shift)));
  return { layers, heads: 8, base: of(0), tuned: of(3) };
}

const example = (sample, weight) => ({
  ...{ sample, position: 40, weight, span: 'context' },
  ...{ before: 'the film was re', text: 'leas', after: 'ed in 2009, followed by' },
});

const outcomes = ['none', 'faithful', 'original', 'random'].flatMap((mask, i) =>
  [false, true].map(edited => ({
    ...{ mask, edited, answer: edited ? '2013' : '2009' },
    ...{ answer_probability: 0.7 - 0.1 * i, reference_probability: edited ? 0.05 : 0.8 / (i + 1) },
  })),
);

/** @returns the view that is shown */
export async function showEverything(
  page,
  view = syntheticView({ tokens: 120, layers: 8, experts: 16, topK: 2 }),
) {
  const button = name => page.getByRole('button', { name });
  await tell(page, { type: 'show', view, stale: true });
  await tell(page, { type: 'masked-set', name: 'mine' });
  await page.locator('.tokens [data-token="60"]').click();
  await page.locator('.card .expert').first().click();
  await button('Attention by head').click();
  await reply(page, { kind: 'attention-heads', result: heads(view.moe_layers, 60) });
  await button('Top examples in a dataset').click();
  const examples = Array.from({ length: 6 }, (_, i) => example(3 * i, 0.9 - 0.05 * i));
  const result = {
    ...{ samples: 100, tokens: 21_034, used_base: 0.12, used_tuned: 0.31 },
    ...{ examples_base: examples, examples_tuned: examples },
  };
  await reply(page, { kind: 'expert-examples', file: 'swap_test.json', result });
  await page.locator('.ablation textarea').fill('The film was released in 2013.');
  await button('Run').click();
  await reply(page, { kind: 'ablation', result: { reference: '2009', outcomes } });
  await page.locator('.outcome table').waitFor();
  return view;
}
