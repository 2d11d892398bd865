/** @file A routing view of any size out of a seeded generator: what measurements and checks of the Routing panel show. */

/** Uniform numbers from 0 to 1 (mulberry32). */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const range = count => Array.from({ length: count }, (_, i) => i);
const syllables = ['lo', 'mar', 'ne', 'ti', 'san', 'kor', 'va', 'du', 'rin', 'pel', 'os', 'eth'];
const question = ' When was the film released?';

/** Token texts: words of one to three tokens, sentences, paragraphs. */
function contextTokens(count, random) {
  const texts = [];
  while (texts.length < count) {
    const pieces = 1 + Math.floor(random() * 3);
    for (let piece = 0; piece < pieces; piece++) {
      const syllable = syllables[Math.floor(random() * syllables.length)];
      texts.push(piece === 0 ? ` ${syllable}` : syllable);
    }
    if (random() < 0.08) texts.push(random() < 0.2 ? '.\n\n' : '.');
  }
  return texts.slice(0, count);
}

function promptTokens(count, generated, random) {
  const head = ['<|user|>', '\n', 'Based', ' on', ' the', ' context', ' below', ':', '\n\n'];
  const tail = [...question.split(/(?= )/), '<|assistant|>', '\n'];
  const answer = [' in', ' 2009', '.', '<|end|>'].slice(0, generated);
  const context = contextTokens(count - head.length - tail.length - answer.length, random);
  const spans = [
    [head, 'template'],
    [context, 'context'],
    [tail.slice(0, -2), 'question'],
    [tail.slice(-2), 'template'],
    [answer, 'generated'],
  ];
  const tokens = [];
  let start = 0;
  for (const [texts, span] of spans) {
    for (const text of texts) {
      const id = Math.floor(random() * 50_000);
      tokens.push({ id, text, start, end: start + text.length, span, answer_in_context: false });
      start += text.length;
    }
  }
  const marked = head.length + Math.floor(context.length / 2);
  for (const token of tokens.slice(marked, marked + 2)) token.answer_in_context = true;
  return { tokens, lastPromptToken: head.length + context.length + tail.length - 1 };
}

/** Top-k of one token: experts with logits drawn around each expert's own inclination. */
function route(inclination, topK, random) {
  const logits = inclination.map((mean, expert) => ({ expert, logit: mean + 3 * random() }));
  const largest = Math.max(...logits.map(({ logit }) => logit));
  const weights = logits.map(({ expert, logit }) => ({ expert, weight: Math.exp(logit - largest) }));
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  const entropy = weights.reduce((total, { weight }) => total - (weight / sum) * Math.log(weight / sum), 0);
  const chosen = weights.sort((a, b) => b.weight - a.weight).slice(0, topK);
  const kept = chosen.reduce((total, { weight }) => total + weight, 0);
  return {
    experts: chosen.map(({ expert }) => expert),
    weights: chosen.map(({ weight }) => weight / kept),
    entropy: entropy / Math.log(inclination.length),
  };
}

function side({ tokens, layers, experts, topK, lastPromptToken, ce, lean }, random) {
  const rows = range(layers).map(layer => {
    const inclination = range(experts).map(e => random() + (ce[layer].includes(e) ? lean : 0));
    return tokens.map(() => route(inclination, topK, random));
  });
  const attention = range(layers).map(() => {
    const raw = tokens.map((token, i) =>
      i > lastPromptToken ? 0 : random() ** 6 * (token.span === 'context' ? 1 + lean : 1) + (i === 0 ? 2 : 0),
    );
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map(value => value / sum);
  });
  const over = wanted =>
    attention.map(row => row.reduce((sum, a, i) => (wanted(tokens[i]) ? sum + a : sum), 0));
  return {
    topk_indices: rows.map(row => row.flatMap(({ experts }) => experts)),
    topk_weights: rows.map(row => row.flatMap(({ weights }) => weights)),
    ce_share: rows.map((row, layer) =>
      row.map(({ experts, weights }) =>
        Math.min(
          1,
          weights.reduce((sum, w, i) => (ce[layer].includes(experts[i]) ? sum + w : sum), 0),
        ),
      ),
    ),
    router_entropy: rows.map(row => row.map(({ entropy }) => Math.min(1, entropy))),
    attention_from_last: attention,
    attention_to_context: over(token => token.span === 'context'),
    attention_to_answer: over(token => token.answer_in_context),
    answer_probability: range(layers).map(layer => (layer / layers) ** 3 * (0.3 + 0.4 * lean)),
  };
}

/**
 * @param {{ tokens?: number, layers?: number, experts?: number, topK?: number, generated?: number, seed?: number }} [size]
 * @returns {object} a RoutingView: base and tuned, with context-faithful experts
 */
export function syntheticView({
  tokens: count = 300,
  layers = 16,
  experts = 64,
  topK = 8,
  generated = 4,
  seed = 1,
} = {}) {
  const random = seededRandom(seed);
  const { tokens, lastPromptToken } = promptTokens(count, generated, random);
  const drawn = () =>
    Object.fromEntries(
      range(layers).map(layer => [
        layer,
        range(experts)
          .map(expert => ({ expert, key: random() }))
          .sort((a, b) => a.key - b.key)
          .slice(0, topK)
          .map(({ expert }) => expert),
      ]),
    );
  const [ce, oe] = [drawn(), drawn()];
  const common = { tokens, layers, experts, topK, lastPromptToken, ce };
  return {
    ...{
      model_name: `synthetic-${layers}x${experts}`,
      model_path: 'models/synthetic',
      run_id: '20260101T120000Z-identify',
    },
    ...{ num_layers: layers, moe_layers: range(layers), num_experts: experts, top_k: topK },
    text: tokens.map(({ text }) => text).join(''),
    source: { start: tokens[2].start, end: tokens[lastPromptToken - 1].start },
    tokens,
    ...(generated > 0 ? { generated_by: 'tuned' } : {}),
    last_prompt_token: lastPromptToken,
    answer: '2009',
    ...{ ce, oe },
    base: side({ ...common, lean: 0 }, random),
    tuned: side({ ...common, lean: 1 }, random),
  };
}
