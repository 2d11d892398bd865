/** @file Logit lens: the probability of the first answer token after each layer (METHOD, APG). */
import { chunks } from '../../data/batches';
import type { TokenizedSample } from '../../data/tokenized-sample';
import type { HostTensor } from '../../engine/session';
import type { Model } from '../../model/model';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import type { Variant } from '../variant';
import { meanEstimates } from './bootstrap';
import type { PassHooks } from './pass-hooks';
import { promptBatches } from './prompt-batches';

/**
 * For every sample, in their order: the probability of its first answer token at the last prompt token, by final norm
 * and head applied to the input of the first layer, then to the hidden state after each layer.
 * @returns [sample][layers + 1]
 */
export async function answerProbabilities(
  { model, pass }: Variant,
  samples: readonly TokenizedSample[],
  { signal, onProgress }: PassHooks = {},
): Promise<number[][]> {
  const found = samples.map((): number[] => []);
  let done = 0;
  for (const batch of promptBatches(samples)) {
    const states = [rowsOf(await model.embed(batch), batch.lastTokens)];
    await model.forward(batch, {
      ...pass,
      signal,
      onLayer: (_, { output }) => states.push(rowsOf(output, batch.lastTokens)),
    });
    const firstAnswerTokens = batch.samples.map(i => samples[i].inputIds[samples[i].spans.answer[0]]);
    for (const probabilities of await lensProbabilities(model, states, firstAnswerTokens))
      batch.samples.forEach((sample, row) => found[sample].push(probabilities[row]));
    done += batch.samples.length;
    onProgress?.(done, samples.length);
  }
  return found;
}

/**
 * The probability of each row's token, by final norm and head applied to hidden states of several layers.
 * @param states of each layer: [rows, hidden]
 * @returns [layer][row]
 */
export async function lensProbabilities(
  { head }: Model,
  states: readonly HostTensor[],
  tokens: readonly number[],
): Promise<number[][]> {
  const targets = states.flatMap(() => tokens);
  const losses = Array.from(await head.negativeLogLikelihoods(joined(states), targets));
  return chunks(losses, tokens.length).map(layer => layer.map(loss => Math.exp(-loss)));
}

/** Some rows of a [rows, width] tensor. */
export function rowsOf({ data, shape: [, width] }: HostTensor, rows: readonly number[]): HostTensor {
  const chosen = new Float32Array(rows.length * width);
  rows.forEach((row, i) =>
    chosen.set((data as Float32Array).subarray(row * width, (row + 1) * width), i * width),
  );
  return { data: chosen, shape: [rows.length, width] };
}

/** [rows, width] tensors, one below the other. */
function joined(tensors: readonly HostTensor[]): HostTensor {
  const rows = tensors.reduce((sum, { shape }) => sum + shape[0], 0);
  const width = tensors[0].shape[1];
  const data = new Float32Array(rows * width);
  let next = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as Float32Array, next);
    next += tensor.data.length;
  }
  return { data, shape: [rows, width] };
}

/** Answer probability gain (APG) by layer. */
export function answerProbabilityGain(
  base: readonly (readonly number[])[],
  tuned: readonly (readonly number[])[],
  seed: number,
): AnalysisResultOf<'logit-lens'> {
  const differences = base.map((row, i) => row.map((value, layer) => tuned[i][layer] - value));
  const [embedding, ...before] = meanEstimates(base, seed);
  return {
    schema_version: SCHEMA_VERSION,
    kind: 'logit-lens',
    embedding,
    base: before,
    tuned: meanEstimates(tuned, seed).slice(1),
    gain: meanEstimates(differences, seed).slice(1),
  };
}
