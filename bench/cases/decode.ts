/** @file Greedy decoding of eight prompts at OLMoE's widths. */
import { generateGreedily } from '../../src/model/generate';
import { Model } from '../../src/model/model';
import { nqSwapBatch } from '../batches';
import type { BenchCase } from '../bench-case';
import { median, secondsOf, takeTurns } from '../statistics';
import { memoryBudget, twoLayersCheckpoint } from './olmoe-2-layers';

const maxNewTokens = 32;

export const decode: BenchCase = {
  name: 'decode',
  title: 'Decoding 32 tokens for each of 8 prompts, OLMoE’s widths, 2 layers',
  labels: {
    decode_s: 'The prompts and all new tokens',
    prompts_s: 'The prompts and their first new token alone',
    decode_tokens_per_s: 'New tokens a second after the first',
    prompt_tokens: 'Tokens of the prompts',
    memory_mode: 'Weights',
    batch: 'Prompts',
  },
  async run({ repeats, threads }) {
    const { rows, source } = nqSwapBatch();
    const prompts = rows.map(({ input_ids, answer_start }) => input_ids.slice(0, answer_start));
    const model = Model.open(twoLayersCheckpoint(), { threads, memoryBudget });
    // No end-of-sequence token: every row gets its 32.
    const decoding = (tokens: number) => () =>
      secondsOf(() => generateGreedily(model, prompts, { maxNewTokens: tokens }));
    const seconds = await takeTurns(repeats, { prompts: decoding(1), all: decoding(maxNewTokens) });
    await model.release();
    const [all, first] = [median(seconds.all), median(seconds.prompts)];
    return {
      decode_s: all,
      prompts_s: first,
      decode_tokens_per_s: (prompts.length * (maxNewTokens - 1)) / (all - first),
      prompt_tokens: prompts.flat().length,
      memory_mode: model.plan.memoryMode,
      batch: source,
    };
  },
};
