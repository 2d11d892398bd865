/**
 * @file Exact match and F1 of answers with SQuAD's normalisation. Lower case, word boundaries and white space follow
 * Python's rules, in which the published evaluation scripts are written; JavaScript's differ.
 */

/** Lower case, no ASCII punctuation, no articles, single spaces. */
export function normalizeAnswer(text: string): string {
  const lower = text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, '');
  // Python's \b: letters and numbers of every script (and the underscore, deleted above) make words, marks do not.
  const withoutArticles = lower.replace(/(?<![\p{L}\p{N}])(?:a|an|the)(?![\p{L}\p{N}])/gu, ' ');
  return splitWords(withoutArticles).join(' ');
}

/** As Python's `str.split()`: JavaScript's `\s` lacks U+001C–1F and U+0085, and has U+FEFF. */
function splitWords(text: string): string[] {
  return text.split(/[\t-\r\u{1c}-\u{20}\u{85}\p{Z}]+/u).filter(word => word !== '');
}

/** 1 if the normalised texts are equal, else 0. */
export function exactMatch(prediction: string, answer: string): number {
  return Number(normalizeAnswer(prediction) === normalizeAnswer(answer));
}

/** F1 over the words that both have; 0 without common words, also when both are empty (SQuAD 1.1). */
export function f1(prediction: string, answer: string): number {
  const predicted = splitWords(normalizeAnswer(prediction));
  const accepted = splitWords(normalizeAnswer(answer));
  const common = countCommon(predicted, accepted);
  if (common === 0) return 0;
  const precision = common / predicted.length;
  const recall = common / accepted.length;
  return (2 * precision * recall) / (precision + recall);
}

/** F1 as SQuAD 2.0 has it: where either is empty, 1 if both are, else 0. */
export function f1Version2(prediction: string, answer: string): number {
  const bothEmpty = normalizeAnswer(prediction) === '' && normalizeAnswer(answer) === '';
  return bothEmpty ? 1 : f1(prediction, answer);
}

/** How many words occur in both, counted as often as they occur in both. */
function countCommon(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of a) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of b) {
    const count = left.get(word) ?? 0;
    if (count > 0) common++;
    left.set(word, count - 1);
  }
  return common;
}

/** The best score over the accepted answers; 0 if there are none. */
export function bestScore(
  score: (prediction: string, answer: string) => number,
  prediction: string,
  answers: readonly string[],
): number {
  return answers.reduce((best, answer) => Math.max(best, score(prediction, answer)), 0);
}

/** A prediction and the answers that are accepted for it. */
export interface AnsweredQuestion {
  prediction: string;
  answers: readonly string[];
}

/** Exact match and F1 in percent: the mean over questions of the best score over the accepted answers. */
export function aggregate(questions: readonly AnsweredQuestion[]): {
  em: number;
  f1: number;
  samples: number;
} {
  const samples = questions.length;
  const percent = (score: (prediction: string, answer: string) => number): number => {
    const sum = questions.reduce(
      (total, { prediction, answers }) => total + bestScore(score, prediction, answers),
      0,
    );
    return samples === 0 ? 0 : (100 * sum) / samples;
  };
  return { em: percent(exactMatch), f1: percent(f1), samples };
}
