/** @file One model's routing of a prompt, layer by layer: what the panel shows is kept, the rest is let go. */
import type { HostTensor } from '../engine/session';
import { type Architecture, mixtureOf } from '../model/architecture';
import type { LayerForward } from '../model/layer-sessions';
import type { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import type { PassOptions } from '../model/pass-options';
import { attentionFrom, type LayerTrace, layerTrace } from '../model/trace';
import type { ExpertList } from '../protocol/artifacts';
import type { RoutingSide } from '../protocol/routing-view';
import { sumOver } from './analyses/attention';
import { lensProbabilities, rowsOf } from './analyses/logit-lens';
import type { SourcePrompt } from './source-prompt';

/** @param ce context-faithful experts; empty: there are no shares of theirs */
export async function routingSide(
  model: Model,
  prompt: SourcePrompt,
  ce: ExpertList,
  options: PassOptions,
): Promise<RoutingSide> {
  const batch = packRows([prompt.inputIds]);
  const { lastPromptToken, answer } = prompt;
  const routing: LayerRouting[] = [];
  const attention: Float32Array[] = [];
  const states: HostTensor[] = [];
  const onLayer = (layer: number, result: LayerForward): void => {
    if (!result.attention) throw new Error('a layer gave no attention');
    if (result.routing) routing.push(layerRouting(layer, layerTrace(result.routing), model.architecture, ce));
    attention.push(attentionFrom(result.attention, batch, 0, lastPromptToken));
    states.push(rowsOf(result.output, [lastPromptToken]));
  };
  await model.forward(batch, { ...options, attention: true, onLayer });
  const { context, answerInContext } = prompt.spans;
  const firstAnswerToken = answer?.inputIds[0];
  return {
    topk_indices: routing.map(({ indices }) => indices),
    topk_weights: routing.map(({ weights }) => weights),
    ce_share: Object.keys(ce).length > 0 ? routing.map(({ ceShare }) => ceShare) : [],
    router_entropy: routing.map(({ entropy }) => entropy),
    attention_from_last: attention.map(layer => Array.from(layer)),
    attention_to_context: context ? attention.map(layer => sumOver(layer, context)) : [],
    attention_to_answer: answerInContext ? attention.map(layer => sumOver(layer, answerInContext)) : [],
    answer_probability:
      firstAnswerToken === undefined
        ? []
        : (await lensProbabilities(model, states, [firstAnswerToken])).map(([probability]) => probability),
  };
}

interface LayerRouting {
  readonly indices: number[];
  readonly weights: number[];
  readonly ceShare: number[];
  readonly entropy: number[];
}

function layerRouting(
  layer: number,
  trace: LayerTrace,
  architecture: Architecture,
  ce: ExpertList,
): LayerRouting {
  const { experts, topK } = mixtureOf(architecture, layer);
  return {
    indices: Array.from(trace.topkIndices),
    weights: Array.from(trace.topkWeights),
    ceShare: ceShare(trace, topK, ce[layer] ?? []),
    entropy: routerEntropy(trace, experts),
  };
}

/** Share of each token's top-k weight that goes to the listed experts. */
function ceShare({ topkIndices, topkWeights }: LayerTrace, topK: number, ce: readonly number[]): number[] {
  return Array.from({ length: topkIndices.length / topK }, (_, token) => {
    let [listed, all] = [0, 0];
    for (let slot = token * topK; slot < (token + 1) * topK; slot++) {
      all += topkWeights[slot];
      if (ce.includes(topkIndices[slot])) listed += topkWeights[slot];
    }
    return listed / all;
  });
}

/** Entropy of the softmax over all experts, divided by its largest value ln(experts). */
function routerEntropy({ routerLogits }: LayerTrace, experts: number): number[] {
  return Array.from({ length: routerLogits.length / experts }, (_, token) => {
    const logits = routerLogits.subarray(token * experts, (token + 1) * experts);
    const largest = Math.max(...logits);
    const weights = Array.from(logits, logit => Math.exp(logit - largest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const entropy = weights.reduce(
      (total, weight) => total - (weight > 0 ? (weight / sum) * Math.log(weight / sum) : 0),
      0,
    );
    return Math.min(1, entropy / Math.log(experts));
  });
}
