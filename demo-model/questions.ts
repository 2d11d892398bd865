/** @file Questions about contexts, in the five forms that the data has. */
import type { Random } from '../src/common/random';
import { between, pick } from './choices';
import { fill, relations, twoHops } from './relations';
import { renderContext, Scene, type Setting, type Topic } from './scenes';
import type { Familiarity, Split, Statement, World } from './world';

/** A sample as it stands in the data files. */
export interface Question {
  /** Empty in closed-book questions. */
  context: string;
  question: string;
  answer: string;
  /** In questions with a context about known subjects. */
  original_answer?: string;
  subject: string;
  /** A relation, or two joined by "+". */
  relation: string;
}

export interface QuestionOptions {
  world: World;
  random: Random;
  /** The split of the subjects; absent: any. */
  split?: Split;
  /** 0 to 1: from one or two statements beside the answer to as many as the data has. Default: 1. */
  level?: number;
}

/** About a known subject; `original_answer` is what is known by heart. */
export interface KnownQuestion extends Question {
  original_answer: string;
}

/** How many statements stand beside those that answer the question. */
export function distractorCount(random: Random, level = 1): number {
  return between(random, Math.round(1 + level), Math.round(2 + 4 * level));
}

/** One-hop, about a known subject: the context is true, or says something else than is known (as in NQ-Swap). */
export function askKnown(options: QuestionOptions, conflicting: boolean): KnownQuestion {
  for (;;) {
    const scene = new Scene(settingOf(options, 'known'));
    const topic = scene.pickTopic();
    const told = scene.tell(topic);
    scene.distract(topic, distractorCount(options.random, options.level));
    const answer = told && answerFor(scene, told, conflicting);
    if (told && answer !== undefined) {
      const context = contextWith(scene, told, answer);
      const question = renderQuestion(topic, options.random);
      return { context, question, answer, original_answer: told.object, ...topic };
    }
  }
}

/** One-hop, about a subject that nothing is known of. */
export function askNovel(options: QuestionOptions): Question {
  for (;;) {
    const scene = new Scene(settingOf(options, 'novel'));
    const topic = scene.pickTopic();
    const told = scene.tell(topic);
    if (!told) continue;
    scene.distract(topic, distractorCount(options.random, options.level));
    const context = renderContext(scene.statements, options.random);
    return { context, question: renderQuestion(topic, options.random), answer: told.object, ...topic };
  }
}

/**
 * Two-hop. About known subjects the context is true, or has another object in the second hop. Bridges between the hops
 * may belong to another split than the subject.
 */
export function askTwoHop(
  options: QuestionOptions,
  familiarity: Familiarity,
  conflicting: boolean,
): Question {
  const { random } = options;
  for (;;) {
    const scene = new Scene(settingOf(options, familiarity));
    const [first, second] = pick(random, twoHops);
    const subject = scene.pickSubject(relations[first].subject);
    const bridge = scene.tell({ subject, relation: first });
    const told = bridge && scene.tell({ subject: bridge.object, relation: second });
    if (!told || told.object === subject) continue;
    const count = distractorCount(random, options.level);
    const forFirst = Math.floor(count / 2);
    scene.distract(told, count - forFirst);
    scene.distract(bridge, forFirst);
    const answer = answerFor(scene, told, conflicting);
    if (answer === undefined) continue;
    return {
      context: contextWith(scene, told, answer),
      question: fill(pick(random, relations[second].questions), fill(relations[first].phrase, subject)),
      answer,
      ...(familiarity === 'known' && { original_answer: told.object }),
      subject,
      relation: `${first}+${second}`,
    };
  }
}

/** A known fact, asked without a context. */
export function askClosed({ subject, relation, object }: Statement, random: Random): Question {
  return {
    context: '',
    question: renderQuestion({ subject, relation }, random),
    answer: object,
    subject,
    relation,
  };
}

export function renderQuestion({ subject, relation }: Topic, random: Random): string {
  return fill(pick(random, relations[relation].questions), subject);
}

/** Undefined where the answer cannot be changed without a trace of the one that was told. */
function answerFor(
  scene: Scene,
  { subject, relation, object }: Statement,
  conflicting: boolean,
): string | undefined {
  if (!conflicting) return object;
  return scene.isAbout(object) ? undefined : scene.inventObject(relation, subject);
}

/** The scene as text, with `answer` in place of the object of `told`. */
function contextWith(scene: Scene, told: Statement, answer: string): string {
  const statements = scene.statements.map(statement =>
    statement === told ? { ...statement, object: answer } : statement,
  );
  return renderContext(statements, scene.setting.random);
}

function settingOf({ world, random, split }: QuestionOptions, familiarity: Familiarity): Setting {
  return { world, random, familiarity, truthful: familiarity === 'known', ...(split && { split }) };
}
