/** @file Traces prompts into a file (`router-lens trace`). */
import { readFileSync } from 'node:fs';

import * as v from 'valibot';

import { InputError, messageOf } from '../common/errors';
import { isTokenSample } from '../data/sample';
import { readSamples } from '../data/samples';
import { tokenizeSample, tokenizeUserTurn } from '../data/tokenized-sample';
import { expertCounts } from '../model/architecture';
import { packRows } from '../model/packed-batch';
import { traceBatch } from '../model/trace';
import type { EngineSettings, JobHooks } from '../protocol/jobs';
import { continuePrompts } from './continue-prompts';
import { checkTokenIds, LazyTokenizer } from './dataset';
import { readMask } from './expert-list';
import { checkMemory, tracingWork } from './job-estimate';
import { openModel } from './open-model';
import { writeTraceFile } from './trace-file';
import { tunedVariant } from './variant';

export type TraceInput =
  | { readonly kind: 'prompt'; readonly file: string }
  | { readonly kind: 'sample'; readonly file: string; readonly index: number }
  | { readonly kind: 'token-ids'; readonly file: string };

export interface TraceJob {
  readonly model: string;
  readonly input: TraceInput;
  /** A run whose weights are used instead of the checkpoint's. */
  readonly run?: string;
  /** Experts that are switched off. */
  readonly mask?: string;
  /** Tokens that each row is continued by at most, instead of a sample's answer; 0: rows are traced as they are. */
  readonly maxNewTokens: number;
  readonly attention: boolean;
  readonly hidden: boolean;
  readonly logits: boolean;
  readonly engine: EngineSettings;
  readonly out: string;
}

export interface TraceSummary {
  readonly out: string;
  readonly rows: number;
  /** Prompts and generation. */
  readonly tokens: number;
  readonly generated_tokens: number;
  readonly moe_layers: readonly number[];
  readonly top_k: number;
}

/** @throws InputError, CancelledError */
export async function traceToFile(job: TraceJob, hooks: JobHooks = {}): Promise<TraceSummary> {
  const model = await openModel(job.model, job.engine, hooks);
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const { maxNewTokens } = job;
    const prompts = inputRows(job.input, tokenizer, { withAnswers: maxNewTokens === 0 });
    prompts.forEach((ids, row) =>
      checkTokenIds(ids, model.architecture.vocabularySize, `${job.input.file}, row ${row} (counted from 0)`),
    );
    const traced = job.run === undefined ? model : tunedVariant(job.run, model).model;
    checkMemory(model, tracingWork(traced, prompts, job));
    const options = {
      signal: hooks.signal,
      ...(job.mask === undefined ? {} : { mask: readMask(job.mask, model) }),
    };
    const continuations = await continuePrompts(traced, tokenizer, prompts, { ...options, maxNewTokens });
    const batch = packRows(prompts.map((ids, row) => [...ids, ...continuations[row]]));
    const { attention, hidden, logits } = job;
    const trace = await traceBatch(traced, batch, { ...options, attention, hidden, logits });
    writeTraceFile(job.out, trace, {
      padId: model.checkpoint.config.padTokenId,
      ...(maxNewTokens > 0 ? { promptLengths: prompts.map(ids => ids.length) } : {}),
    });
    return {
      out: job.out,
      rows: batch.lengths.length,
      tokens: batch.inputIds.length,
      generated_tokens: continuations.flat().length,
      moe_layers: model.moeLayers,
      top_k: expertCounts(model.architecture).topK,
    };
  } finally {
    await model.release();
  }
}

const TokenIdsSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    input_ids: v.pipe(
      v.array(v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.minLength(1))),
      v.minLength(1),
    ),
  }),
);

function inputRows(
  input: TraceInput,
  tokenizer: LazyTokenizer,
  { withAnswers }: { withAnswers: boolean },
): number[][] {
  switch (input.kind) {
    case 'prompt':
      return [tokenizeUserTurn(tokenizer.get(), readText(input.file)).inputIds];
    case 'sample': {
      const sample = sampleAt(input.file, input.index);
      const { inputIds, spans } = isTokenSample(sample) ? sample : tokenizeSample(tokenizer.get(), sample);
      return [withAnswers ? inputIds : inputIds.slice(0, spans.answer[0])];
    }
    case 'token-ids': {
      const parsed = v.safeParse(TokenIdsSchema, readText(input.file));
      if (parsed.success) return parsed.output.input_ids;
      throw new InputError(`${input.file}: is not {"input_ids": [[id, …], …]} with rows of at least one id.`);
    }
  }
}

/** Sample number `index` of a dataset. @throws InputError */
export function sampleAt(file: string, index: number): ReturnType<typeof readSamples>['samples'][number] {
  const { samples } = readSamples(file);
  if (index < samples.length) return samples[index];
  throw new InputError(`${file}: has no sample ${index}; it holds ${samples.length}, counted from 0.`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot be read (${messageOf(error)}). Check the path.`);
  }
}
