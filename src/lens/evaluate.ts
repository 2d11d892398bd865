/** @file Answers by greedy decoding, scored with exact match and F1. */
import { evaluationBatches } from '../data/batches';
import { generateGreedily } from '../model/generate';
import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import type { AnswerScores } from '../protocol/artifacts';
import type { Prediction, Scores } from '../protocol/evaluation';
import { evaluationTokens } from '../train/fine-tuning';
import { meanEstimate } from './analyses/bootstrap';
import type { LazyTokenizer, LoadedSample } from './dataset';
import { aggregate, bestScore, exactMatch, f1 } from './squad-metrics';

/** METHOD: at most 32 new tokens, ended by the end-of-sequence token. */
export const maxNewTokens = 32;

export interface EvaluationOptions extends PassOptions {
  onProgress?: (done: number, total: number) => void;
}

/** EM and F1 in percent; undefined if no sample has a text answer to compare with. */
export async function scoreAnswers(
  model: Model,
  tokenizer: LazyTokenizer,
  samples: readonly LoadedSample[],
  options: EvaluationOptions = {},
): Promise<AnswerScores | undefined> {
  const predictions = await predictAnswers(model, tokenizer, samples, options);
  return predictions.length === 0 ? undefined : aggregate(predictions);
}

/** The model's answers to the samples that have a text answer to compare with, in their order. */
export async function predictAnswers(
  model: Model,
  tokenizer: LazyTokenizer,
  samples: readonly LoadedSample[],
  { onProgress, ...options }: EvaluationOptions = {},
): Promise<Prediction[]> {
  const asked = samples.filter(({ source }) => source !== undefined);
  const predictions: Prediction[] = [];
  let done = 0;
  for (const { samples: rows } of evaluationBatches(asked, evaluationTokens)) {
    const prompts = rows.map(i => asked[i].inputIds.slice(0, asked[i].spans.answer[0]));
    const eosTokenId = tokenizer.get().eosTokenId;
    const continuations = await generateGreedily(model, prompts, { ...options, maxNewTokens, eosTokenId });
    continuations.forEach((ids, i) => {
      const text = tokenizer.get().decode(ids, { skipSpecialTokens: true });
      predictions[rows[i]] = scored(text, asked[rows[i]]);
    });
    done += rows.length;
    onProgress?.(done, asked.length);
  }
  return predictions;
}

function scored(prediction: string, { index, source }: LoadedSample): Prediction {
  const { answers, originalAnswer } = source ?? { answers: [] };
  const isFaithful = bestScore(exactMatch, prediction, answers) === 1;
  // Where memory is right there is nothing to tell apart.
  const tells = originalAnswer !== undefined && bestScore(exactMatch, originalAnswer, answers) === 0;
  return {
    sample: index,
    prediction,
    answers: [...answers],
    em: isFaithful ? 100 : 0,
    f1: 100 * bestScore(f1, prediction, answers),
    ...(tells ? { from_memory: exactMatch(prediction, originalAnswer) === 1 } : {}),
  };
}

/** Means over the predictions, of which there must be some, with bootstrap intervals. */
export function scoresOf(predictions: readonly Prediction[], seed: number): Scores {
  const em = meanEstimate(
    predictions.map(prediction => prediction.em),
    seed,
  );
  const f1Score = meanEstimate(
    predictions.map(prediction => prediction.f1),
    seed,
  );
  const memory = predictions.flatMap(({ from_memory }) =>
    from_memory === undefined ? [] : [from_memory ? 100 : 0],
  );
  return {
    ...aggregate(predictions),
    em_interval: [em.low ?? 0, em.high ?? 0],
    f1_interval: [f1Score.low ?? 0, f1Score.high ?? 0],
    ...(memory.length > 0 ? { memory_answers: meanEstimate(memory, seed) } : {}),
  };
}

/** Mean over samples of a score's difference between two sets of answers to the same samples. */
export function scoreChange(
  before: readonly Prediction[],
  after: readonly Prediction[],
  score: 'em' | 'f1',
  seed: number,
): ReturnType<typeof meanEstimate> {
  return meanEstimate(
    after.map((prediction, i) => prediction[score] - before[i][score]),
    seed,
  );
}
