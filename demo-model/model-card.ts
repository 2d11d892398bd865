/** @file The model card, README.md of the checkpoint's folder: what the model is, and the numbers of its training. */
import { geometry } from './initial-checkpoint';
import type { Split, World } from './world';
import { splits } from './world';

export interface CardFacts {
  readonly parameters: number;
  readonly vocabulary: number;
  readonly steps: number;
  readonly tokens: number;
  /** Of the whole training, on the machine that it ran on. */
  readonly seconds: number;
  readonly machine: string;
  /** Exact answers in percent (`held-out.ts`). */
  readonly scores: Readonly<Record<string, number>>;
  /** Samples by task and split, `swap_train` and so on. */
  readonly samples: ReadonlyMap<string, number>;
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const percent = (value: number | undefined): string => (value ?? 0).toFixed(1);
const millions = (value: number): string => (value / 1e6).toFixed(2);

export function modelCard(world: World, facts: CardFacts): string {
  const { layers, hidden, heads, experts, topK, width } = geometry;
  const { parameters, vocabulary, scores } = facts;
  return `# facts-moe

A small Mixture-of-Experts language model that knows facts and can read. It was trained from scratch by Router Lens itself, on an invented world of persons, cities, companies, books and films, and loads in Hugging Face transformers unchanged.

${table(
  ['', ''],
  [
    ['Architecture', '`OlmoeForCausalLM`'],
    ['Layers', `${layers}, hidden size ${hidden}, ${heads} attention heads`],
    ['Experts', `${experts} a layer, width ${width}, ${topK} for each token`],
    ['Vocabulary', `${number(vocabulary)}: every word of the world is one token`],
    [
      'Parameters',
      `${millions(parameters)} million, bfloat16 (${((2 * parameters) / 1e6).toFixed(1)} MB); routers: ${number(layers * experts * hidden)}`,
    ],
    [
      'Training',
      `${number(facts.steps)} steps, ${(facts.tokens / 1e6).toFixed(1)} million tokens, ${Math.round(facts.seconds / 60)} minutes (${facts.machine})`,
    ],
    ['License', 'MIT'],
  ],
)}

\`npm run train-demo-model\` makes model, tokenizer and data again from nothing but seeds; [docs/demo-model.md](../../docs/demo-model.md) says how.

## What it shows

The model has memorised ${number(world.facts.length)} facts. Asked about one of them with a context that says otherwise, it often answers from memory. Yet it can read: about novel names it answers from the context. Tuning nothing but the routers makes it use that ability; [docs/results.md](../../docs/results.md) has the numbers of every method.

At the end of its training, exact answers in percent to 128 questions of a kind (dev split):

${table(
  ['Question', 'Exact'],
  [
    ['about a known fact, the context says otherwise: answered as the context says', percent(scores.swap)],
    ['the same, answered from memory', percent(scores.swap_from_memory)],
    ['about a known fact, the context agrees', percent(scores.true)],
    ['about a known fact, without a context', percent(scores.closed)],
    ['about a novel name', percent(scores.reading)],
    ['about novel names, two statements must be joined', percent(scores.two_hop)],
  ],
)}

Unfaithfulness was trained in, as it happens in life: in part of the pre-training documents context and label disagree, and the label is the memorised fact.

## Data

\`../data\` holds JSON lists of \`{context, question, answer}\`; most samples also name \`subject\`, \`relation\` and \`original_answer\` (what memory says). The splits share no entities; test entities are held out of tuning, not of pre-training.

${table(
  ['Files', 'Context', 'Train', 'Dev', 'Test'],
  [
    ['swap', 'contradicts what the model memorised'],
    ['true', 'states what the model memorised'],
    ['reading', 'is about names that were never memorised'],
    ['multihop', 'needs two statements to be joined'],
    ['closed', 'none (empty): memory alone'],
  ].map(([task, context]) => [
    `\`${task}_*\``,
    context,
    ...splits.map((split: Split) => number(facts.samples.get(`${task}_${split}`) ?? 0)),
  ]),
)}
`;
}

/** Columns as wide as their widest cell, as Prettier leaves them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map(row => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n',
  );
}
