/** @file Answers by greedy decoding, scored with exact match and F1. */
import { evaluationBatches } from '../data/batches';
import { generateGreedily } from '../model/generate';
import type { Model, PassOptions } from '../model/model';
import type { AnswerScores } from '../protocol/artifacts';
import { evaluationTokens } from '../train/router-tuning';
import type { LazyTokenizer, LoadedSample } from './dataset';
import { aggregate, type AnsweredQuestion } from './squad-metrics';

/** METHOD: at most 32 new tokens, ended by the end-of-sequence token. */
const maxNewTokens = 32;

export interface EvaluationOptions extends PassOptions {
  onProgress?: (done: number, total: number) => void;
}

/** EM and F1 in percent; undefined if no sample has a text answer to compare with. */
export async function scoreAnswers(
  model: Model,
  tokenizer: LazyTokenizer,
  samples: readonly LoadedSample[],
  { onProgress, ...options }: EvaluationOptions = {},
): Promise<AnswerScores | undefined> {
  const scored = samples.filter(({ answers }) => answers !== undefined);
  if (scored.length === 0) return undefined;
  const questions: AnsweredQuestion[] = [];
  for (const { samples: rows } of evaluationBatches(scored, evaluationTokens)) {
    const prompts = rows.map(i => scored[i].inputIds.slice(0, scored[i].spans.answer[0]));
    const eosTokenId = tokenizer.get().eosTokenId;
    const continuations = await generateGreedily(model, prompts, { ...options, maxNewTokens, eosTokenId });
    continuations.forEach((ids, i) => {
      const prediction = tokenizer.get().decode(ids, { skipSpecialTokens: true });
      questions.push({ prediction, answers: scored[rows[i]].answers ?? [] });
    });
    onProgress?.(questions.length, scored.length);
  }
  return aggregate(questions);
}
