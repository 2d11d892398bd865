/** @file What goes to one expert: the tokens of a dataset that it weighs most in, base and tuned. */
import { InputError } from '../common/errors';
import { evaluationBatches } from '../data/batches';
import { mixtureOf } from '../model/architecture';
import type { Model } from '../model/model';
import { rowStarts } from '../model/packed-batch';
import { layerTrace } from '../model/trace';
import { tunedBytes } from '../model/tuned-weights';
import type { ExpertExample, ExpertExamplesRequest, ExpertExamplesResult } from '../protocol/expert-examples';
import type { JobHooks } from '../protocol/jobs';
import { evaluationTokens } from '../train/fine-tuning';
import { checkEvaluationMemory, Passes } from './analyses/analysis-job';
import type { PassHooks } from './analyses/pass-hooks';
import { type LazyTokenizer, loadDataset, type LoadedSample } from './dataset';
import { type OpenedModel, withOpenedModel } from './opened-model';
import { spanOf } from './source-prompt';

/** Tokens on either side that an example shows. */
const neighbours = 16;

/** @throws InputError, CancelledError */
export function expertExamples(
  request: ExpertExamplesRequest,
  hooks: JobHooks = {},
  use = withOpenedModel,
): Promise<ExpertExamplesResult> {
  return use(request, hooks, opened => examplesOf(request, hooks, opened));
}

async function examplesOf(
  request: ExpertExamplesRequest,
  hooks: JobHooks,
  { model, tuned, tokenizer }: OpenedModel,
): Promise<ExpertExamplesResult> {
  checkExpert(request, model);
  const { data, seed, limit, max_seq_length: maxLength, top } = request;
  const { samples } = loadDataset('data', data, tokenizer, {
    seed,
    limit,
    maxLength,
    allowEmptyContext: true,
  });
  checkEvaluationMemory(model, samples, tuned ? tunedBytes(tuned.tuned) : 0);
  const passes = new Passes(['Routing before tuning', ...(tuned ? ['Routing after tuning'] : [])], hooks);
  const tokens = samples.reduce((sum, { inputIds }) => sum + inputIds.length, 0);
  const side = async (name: string, of: Model) => {
    const { count, largest } = await passes.run(name, passHooks =>
      mostWeighty(of, samples, request, passHooks),
    );
    return { used: count / tokens, examples: largest.slice(0, top).map(found => example(found, tokenizer)) };
  };
  const base = await side('Routing before tuning', model);
  const after = tuned && (await side('Routing after tuning', tuned));
  return {
    samples: samples.length,
    tokens,
    used_base: base.used,
    examples_base: base.examples,
    ...(after ? { used_tuned: after.used, examples_tuned: after.examples } : {}),
  };
}

function checkExpert({ layer, expert }: ExpertExamplesRequest, { architecture, moeLayers }: Model): void {
  if (!moeLayers.includes(layer))
    throw new InputError(`Layer ${layer} has no router. MoE layers: ${moeLayers.join(', ')}.`);
  const { experts } = mixtureOf(architecture, layer);
  if (expert >= experts)
    throw new InputError(`Layer ${layer} has no expert ${expert}; it has ${experts}, counted from 0.`);
}

/** A token that was sent to the expert. */
interface Sent {
  readonly sample: LoadedSample;
  readonly position: number;
  readonly weight: number;
}

/** How many tokens go to the expert, and the `top` of them with the largest weights, largest first. */
async function mostWeighty(
  model: Model,
  samples: readonly LoadedSample[],
  { layer, expert, top }: ExpertExamplesRequest,
  { signal, onProgress }: PassHooks,
): Promise<{ count: number; largest: Sent[] }> {
  const { topK } = mixtureOf(model.architecture, layer);
  let count = 0;
  let done = 0;
  let largest: Sent[] = [];
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const found: Sent[] = [];
    await model.forward(batch, {
      signal,
      layers: layer + 1,
      // So the sessions of traces serve, and a model that is kept has no more of them.
      attention: true,
      onLayer: (index, { routing }) => {
        if (index !== layer || !routing) return;
        const { topkIndices, topkWeights } = layerTrace(routing);
        rowStarts(batch).forEach((start, row) => {
          for (let slot = start * topK; slot < (start + batch.lengths[row]) * topK; slot++) {
            if (topkIndices[slot] !== expert) continue;
            const position = Math.floor(slot / topK) - start;
            found.push({ sample: samples[batch.samples[row]], position, weight: topkWeights[slot] });
          }
        });
      },
    });
    count += found.length;
    largest = [...largest, ...found].sort(byWeight).slice(0, top);
    done += batch.samples.length;
    onProgress?.(done, samples.length);
  }
  return { count, largest };
}

function byWeight(a: Sent, b: Sent): number {
  return b.weight - a.weight || a.sample.index - b.sample.index || a.position - b.position;
}

function example({ sample, position, weight }: Sent, tokenizer: LazyTokenizer): ExpertExample {
  return {
    sample: sample.index,
    position,
    weight,
    span: spanOf(sample.spans, position),
    ...textAround(sample, position, tokenizer),
  };
}

/** The text of a token, and that of its neighbours. A token that is part of a character has the whole of it. */
function textAround(
  { inputIds, text, offsets }: LoadedSample,
  position: number,
  tokenizer: LazyTokenizer,
): Pick<ExpertExample, 'before' | 'text' | 'after'> {
  const first = Math.max(0, position - neighbours);
  const last = Math.min(inputIds.length - 1, position + neighbours);
  if (text === undefined || offsets === undefined) {
    const decoded = (start: number, end: number): string =>
      tokenizer.get().decode(inputIds.slice(start, end));
    return {
      before: decoded(first, position),
      text: decoded(position, position + 1),
      after: decoded(position + 1, last + 1),
    };
  }
  const [start, end] = offsets[position];
  return {
    before: text.slice(offsets[first][0], start),
    text: text.slice(start, end),
    after: text.slice(end, offsets[last][1]),
  };
}
