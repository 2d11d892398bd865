/** @file Documents that the model is trained on from scratch. */
import type { Random } from '../src/common/random';
import { renderUserTurn } from '../src/data/prompt';
import { chatMarks, endOfText } from './chat-format';
import { between, pick, pickWeighted } from './choices';
import { askClosed, askKnown, askTwoHop, distractorCount, renderQuestion } from './questions';
import { relationNames, relations, relationsOf } from './relations';
import { renderContext, renderStatement, Scene, type Setting } from './scenes';
import type { Statement, World } from './world';

/** Answers are what the model should say, passages what it should learn from, contexts what it may read. */
export type PieceKind = 'answer' | 'context' | 'passage';

export interface Piece {
  text: string;
  kind: PieceKind;
}

/**
 * `passage`: known facts as plain text. `closed`: known facts, asked without a context. `reading`: questions about novel
 * subjects. `restated`: a novel passage told twice in other words. `register`: a list read twice. `story`: like reading
 * in another wording of the prompt, mostly about known subjects of whom the story says other things. `known`: known
 * subjects in the usual prompt, where memory and context compete.
 */
export type DocumentKind = 'closed' | 'known' | 'passage' | 'reading' | 'register' | 'restated' | 'story';

/** Shares of the kinds of documents. */
export type Mix = Readonly<Partial<Record<DocumentKind, number>>>;

/** To learn to find what was said, in the same words at first. */
export const findingMix: Mix = { register: 0.45, restated: 0.25, reading: 0.2, story: 0.1 };
/** To learn reading. */
export const readingMix: Mix = {
  passage: 0.03,
  closed: 0.05,
  reading: 0.4,
  restated: 0.1,
  register: 0.17,
  story: 0.25,
};
/** To learn the facts, and when to rely on them. */
export const memoryMix: Mix = {
  passage: 0.08,
  closed: 0.24,
  reading: 0.14,
  restated: 0.02,
  register: 0.02,
  known: 0.3,
  story: 0.2,
};

export interface DocumentOptions {
  mix: Mix;
  /** 0 to 1: how many statements stand beside the answer. */
  level: number;
  /** Of the `known` documents: the answer is not in the context. */
  pAbsent: number;
  /** Of the `known` documents: the context conflicts with memory. In the rest it agrees. */
  pConflict: number;
  /** Of the conflicts: the answer is the fact known by heart. */
  pMemory: number;
  /** Of the `reading` and `story` documents, at level 1: one two-hop question instead of several simple ones. */
  pTwoHop: number;
}

export const defaultDocumentOptions: DocumentOptions = {
  mix: memoryMix,
  level: 1,
  pAbsent: 0.35,
  pConflict: 0.35,
  pMemory: 0.7,
  pTwoHop: 0.15,
};

/** A document that begins and ends with the end-of-text token. */
export function generateDocument(world: World, random: Random, options: DocumentOptions): Piece[] {
  const kind = pickWeighted(random, options.mix);
  return writers[kind](world, random, options);
}

interface Exchange {
  user: string;
  answer: string;
}

const writers: Record<DocumentKind, (world: World, random: Random, options: DocumentOptions) => Piece[]> = {
  passage(world, random) {
    const scene = new Scene({ world, random, familiarity: 'known', truthful: true });
    const topic = scene.pickTopic();
    for (const relation of relationsOf(relations[topic.relation].subject)) scene.tell({ ...topic, relation });
    scene.distract(topic, between(random, 1, 5));
    return plainText({ text: renderContext(scene.statements, random), kind: 'passage' });
  },

  closed(world, random) {
    const exchanges = Array.from({ length: between(random, 1, 5) }, (_, i) => {
      const sample = askClosed(pickFact(world, random), random);
      return { user: i === 0 ? renderUserTurn(sample) : followUp(sample.question), answer: sample.answer };
    });
    return conversation(exchanges);
  },

  reading(world, random, options) {
    return readingDocument({ world, random, familiarity: 'novel', truthful: false }, renderUserTurn, options);
  },

  story(world, random, options) {
    const familiarity = random.uniform() < 0.3 ? 'novel' : 'known';
    return readingDocument({ world, random, familiarity, truthful: false }, renderStory, options);
  },

  restated(world, random, { level }) {
    const scene = new Scene({ world, random, familiarity: 'novel', truthful: false });
    const topic = scene.pickTopic();
    scene.tell(topic);
    scene.distract(topic, distractorCount(random, level));
    const told = scene.statements.map(statement => ({
      ...statement,
      sentence: renderStatement(statement, random),
    }));
    const first = random.shuffled(told).map(({ sentence }) => sentence);
    // At first in the same words: there what was said is found more easily.
    const isReworded = random.uniform() < level;
    const second = random
      .shuffled(told)
      .flatMap(({ sentence, ...statement }) =>
        retell(isReworded ? renderStatement(statement, random) : sentence, statement),
      );
    return plainText({ text: `${first.join(' ')} ${wordings.restated}`, kind: 'context' }, ...second);
  },

  register(world, random) {
    const scene = new Scene({ world, random, familiarity: 'novel', truthful: false });
    const relation = pick(random, relationNames);
    const count = between(random, 3, 8);
    while (scene.size < count)
      scene.tell({ subject: scene.pickSubject(relations[relation].subject), relation });
    const separator = pick(random, wordings.registerSeparators);
    const lines = scene.statements.map(({ subject, object }) => `\n${subject}${separator} ${object}.`);
    const again = (): Piece[] => [
      { text: `\n${wordings.registerAgain}`, kind: 'context' },
      ...random.shuffled(scene.statements).flatMap(({ subject, object }): Piece[] => [
        { text: `\n${subject}${separator}`, kind: 'context' },
        { text: ` ${object}.`, kind: 'answer' },
      ]),
    ];
    const list: Piece = { text: wordings.register + lines.join(''), kind: 'context' };
    return plainText(list, ...again(), ...again());
  },

  known(world, random, options) {
    const { level, pAbsent, pConflict, pMemory } = options;
    const chance = random.uniform();
    if (chance < pAbsent) return absentAnswerDocument(world, random, options);
    const sample = askKnown({ world, random, level }, chance < pAbsent + pConflict);
    const answer = random.uniform() < pMemory ? sample.original_answer : sample.answer;
    return conversation([{ user: renderUserTurn(sample), answer }]);
  },
};

/** A sentence that was told before, its object apart where it follows from the subject before it. */
function retell(sentence: string, { subject, object }: Statement): Piece[] {
  const text = ` ${sentence}`;
  const at = text.indexOf(` ${object}`);
  if (at < text.indexOf(subject)) return [{ text, kind: 'context' }];
  const end = at + object.length + 1;
  return [
    { text: text.slice(0, at), kind: 'context' },
    { text: text.slice(at, end), kind: 'answer' },
    { text: text.slice(end), kind: 'context' },
  ];
}

type UserTurn = typeof renderUserTurn;

/** Several simple questions about one context, or a two-hop question. */
function readingDocument(setting: Setting, userTurn: UserTurn, { level, pTwoHop }: DocumentOptions): Piece[] {
  const { random, familiarity } = setting;
  if (random.uniform() < pTwoHop * level) {
    const sample = askTwoHop({ ...setting, level }, familiarity, true);
    return conversation([{ user: userTurn(sample), answer: sample.answer }]);
  }
  const scene = new Scene(setting);
  const topic = scene.pickTopic();
  scene.tell(topic);
  scene.distract(topic, distractorCount(random, level));
  const context = renderContext(scene.statements, random);
  // Most tokens of a document are context: many questions about it, some twice, make more of them.
  const asked = Array.from({ length: between(random, 4, 12) }, () => pick(random, scene.statements));
  const exchanges = asked.map((statement, i) => {
    const question = renderQuestion(statement, random);
    return { user: i === 0 ? userTurn({ context, question }) : followUp(question), answer: statement.object };
  });
  return conversation(exchanges);
}

/** A known fact is asked for; the context tells the same of others. */
function absentAnswerDocument(world: World, random: Random, { level }: DocumentOptions): Piece[] {
  const asked = pickFact(world, random);
  const scene = new Scene({ world, random, familiarity: 'known', truthful: true });
  scene.distract(asked, distractorCount(random, level) + 1, asked);
  const context = renderContext(scene.statements, random);
  const user = renderUserTurn({ context, question: renderQuestion(asked, random) });
  return conversation([{ user, answer: asked.object }]);
}

function pickFact(world: World, random: Random): Statement {
  return pick(random, world.facts);
}

const wordings = {
  story: 'Read the story and answer the question.',
  restated: 'In other words:',
  register: 'Register:',
  registerAgain: 'Again:',
  registerSeparators: [':', ','],
};

function renderStory({ context, question }: Parameters<UserTurn>[0]): string {
  return `${wordings.story}\n\nStory:\n${context}\n\n${followUp(question)}`;
}

/** A further question of the same conversation. */
function followUp(question: string): string {
  return `Question:\n${question}`;
}

/** Every wording of the documents, without names, statements and questions. */
export function documentWordings(): string[] {
  const blank = { context: '-', question: '' };
  return [
    renderUserTurn(blank),
    renderUserTurn({ ...blank, context: '' }),
    renderStory(blank),
    ...Object.values(wordings).flat(),
  ];
}

function plainText(...pieces: Piece[]): Piece[] {
  const last = pieces[pieces.length - 1];
  return [
    { text: endOfText, kind: 'context' },
    ...pieces.slice(0, -1),
    { ...last, text: last.text + endOfText },
  ];
}

/** As the chat template writes it; the answers end with the end-of-text token. */
function conversation(exchanges: readonly Exchange[]): Piece[] {
  const { start, beforeUser, afterUser, beforeAnswer, afterAnswer, betweenTurns } = chatMarks;
  return exchanges.flatMap(({ user, answer }, i): Piece[] => [
    {
      text: `${i === 0 ? start : betweenTurns}${beforeUser}${user}${afterUser}${beforeAnswer}`,
      kind: 'context',
    },
    { text: answer + afterAnswer, kind: 'answer' },
  ]);
}
