/** @file How much private (anonymous) memory a piece of work takes: known before it starts. */
import type { Architecture, LayerArchitecture } from './architecture';
import { cacheCapacity, cachedBytesPerToken } from './key-value-cache';
import type { MemoryPlan } from './memory-plan';
import type { BatchLengths } from './packed-batch';
import { layerElements } from './required-weights';

/** The largest batch of a job, and what is done with it. */
export interface Workload {
  readonly batch: BatchLengths;
  /** Positions whose logits are computed. */
  readonly scored: number;
  /** Forward and backward, with what the backward pass needs computed again: saved values come on top. */
  readonly trains: boolean;
  /** Tokens that each sample is continued by, with its keys and values kept: of one sample, those of more come on top. */
  readonly maxNewTokens?: number;
  /** Whether the attention of all layers is kept. */
  readonly keepsAttention?: boolean;
  /** Bytes that weights take which the model is fed, and what belongs to them (`tuned-weights.ts`). Default: 0. */
  readonly tunedBytes?: number;
}

const bytes = 4;
/** Node, the runtime, the tokenizer. */
const processBytes = 100e6;
/** Samples that a job that trains reads, measured. */
const samplesBytes = 30e6;
/** Results of runs that nobody needs any more: V8 lets as much pile up before it collects them. */
const garbageBytes = 64e6;
/** Graph and kernels of a session of a layer, measured: for itself, and for each expert. */
const sessionBytes = { layer: 1.5e6, expert: 0.17e6 };
/** What the allocator holds back between the operators of a layer with weights of usual size, measured. */
const allocatorBytes = 120e6;

/** Arenas grow by doubling: they hold up to half as much again as is in use, measured. */
const arenaGrowth = 1.5;

/** Bytes of private memory at the highest. Compared with measured peaks in `docs/performance.md`. */
export function estimateMemory(
  architecture: Architecture,
  { memoryMode, residentBytes, arena }: Pick<MemoryPlan, 'memoryMode' | 'residentBytes' | 'arena'>,
  work: Workload,
): number {
  const { layers, hiddenSize, vocabularySize } = architecture;
  const { batch, scored, trains, keepsAttention, tunedBytes = 0 } = work;
  const passes = trains ? 2 : 1;
  // Beside those of its two passes training has sessions to evaluate with.
  const kinds = trains ? 3 : 1;
  const sessions = layers.reduce((sum, { feedForward }) => {
    const experts = feedForward.kind === 'mixture' ? feedForward.experts : 1;
    return sum + kinds * (sessionBytes.layer + sessionBytes.expert * experts);
  }, 0);
  const states = batch.tokens * hiddenSize * bytes;
  // A backward pass without an arena has the attention, its scores and the gradients of both beside each other.
  const attentionCopies = trains && !arena ? 5 : 2;
  const activations = Math.max(
    ...layers.map(layer => layerActivations(layer, hiddenSize, batch, attentionCopies)),
  );
  const scores = scored * vocabularySize * bytes * (trains ? 4 : 2);
  const kept =
    (trains ? layers.length * states : 0) +
    (keepsAttention
      ? layers.reduce((sum, { attention }) => sum + attentionBytes(attention.heads, batch), 0)
      : 0) +
    cachedBytes(architecture, work);
  const fixed = processBytes + sessions + kept + scores + tunedBytes;
  if (memoryMode === 'mapped') {
    const widened = Math.max(...layers.map(widenedWeights));
    return fixed + Math.min(allocatorBytes, 2 * widened) + widened + activations;
  }
  // Without one, new tensors do not fit where freed ones were: as much as is in use is held back, measured.
  if (!arena) return fixed + residentBytes + 2 * activations + (trains ? garbageBytes + samplesBytes : 0);
  // An arena keeps the memory of its session's largest run.
  return fixed + residentBytes + passes * layers.length * activations;
}

/**
 * Does without arenas where they might not fit beside the work: the runtime gives memory back as soon as it is free,
 * which takes more time. To be called before anything runs.
 */
export function settleArena({ architecture, plan }: Planned, work: readonly Workload[]): void {
  const needed = Math.max(...work.map(piece => estimateMemory(architecture, plan, piece)));
  if (arenaGrowth * needed > plan.memoryBudget) plan.arena = false;
}

/** Keys and values of one sample in all layers. */
function cachedBytes(architecture: Architecture, { batch, maxNewTokens = 0 }: Workload): number {
  if (maxNewTokens === 0) return 0;
  return cacheCapacity(architecture, batch.length, maxNewTokens) * cachedBytesPerToken(architecture);
}

/** A tenth of the budget stays free of what is optional: the rest is an estimate, and the allocator holds pages back. */
const usableShare = 0.9;

/** Bytes that the budget leaves beside a piece of work; at least 0. */
export function roomBeside({ architecture, plan }: Planned, work: Workload): number {
  return Math.max(0, usableShare * plan.memoryBudget - estimateMemory(architecture, plan, work));
}

/** How many samples of a batch can be continued together; one at least. */
export function samplesTogether(model: Planned, work: Workload): number {
  return 1 + Math.floor(roomBeside(model, work) / cachedBytes(model.architecture, work));
}

/** Bytes at the highest, with what training saves and decoding keeps of more samples where the budget has room. */
export function expectedMemory(model: Planned, work: Workload): number {
  const { architecture, plan } = model;
  const needed = estimateMemory(architecture, plan, work);
  if (!work.trains) {
    const ofOthers = (work.batch.samples - 1) * cachedBytes(architecture, work);
    return needed + Math.min(roomBeside(model, work), ofOthers);
  }
  const layers = architecture.layers.map(layer => savedValues(layer, architecture.hiddenSize, work.batch));
  const [total, largest] = [layers.reduce((sum, layer) => sum + layer, 0), Math.max(...layers)];
  return needed + Math.min(roomBeside(model, work), total + largest);
}

/** Whether weights and all that training saves of a batch are in memory at once. */
export function savesEverything(model: Planned, work: Workload): boolean {
  return model.plan.memoryMode === 'resident' && totalSaved(model, work.batch) <= roomBeside(model, work);
}

function totalSaved({ architecture }: Planned, batch: BatchLengths): number {
  return architecture.layers.reduce(
    (sum, layer) => sum + savedValues(layer, architecture.hiddenSize, batch),
    0,
  );
}

/** A model, or what is known of it before it runs. */
export interface Planned {
  readonly architecture: Architecture;
  readonly plan: MemoryPlan;
}

/** What a layer saves for its backward pass: queries, keys, values, attention, states, experts' gates and ups. */
function savedValues(
  { attention, feedForward }: LayerArchitecture,
  hiddenSize: number,
  batch: BatchLengths,
): number {
  const { heads } = attention;
  const vectors =
    attention.kind === 'latent'
      ? heads * (2 * attention.plainSize + 2 * attention.rotatedSize + 2 * attention.valueSize)
      : attention.headSize * (2 * heads + 2 * attention.keyValueHeads) +
        (attention.norms ? attention.headSize * (heads + attention.keyValueHeads) : 0);
  const ofExperts =
    feedForward.kind === 'mixture'
      ? 2 * feedForward.topK * feedForward.expertWidth
      : 2 * feedForward.gate.weight.shape[0];
  return bytes * batch.tokens * (vectors + 2 * hiddenSize + ofExperts) + attentionBytes(heads, batch);
}

/** Of one layer: its hidden states, the rows that go to experts and come back, and its attention. */
function layerActivations(
  { attention, feedForward }: LayerArchitecture,
  hiddenSize: number,
  batch: BatchLengths,
  attentionCopies: number,
): number {
  const pairs = feedForward.kind === 'mixture' ? batch.tokens * feedForward.topK : 0;
  const dense = feedForward.kind === 'mixture' ? 0 : feedForward.gate.weight.shape[0];
  const states = batch.tokens * (6 * hiddenSize + 3 * dense);
  return (
    bytes * (states + 2.3 * pairs * hiddenSize) + attentionCopies * attentionBytes(attention.heads, batch)
  );
}

function attentionBytes(heads: number, { samples, length }: BatchLengths): number {
  return samples * heads * length * length * bytes;
}

/** float32 weights that stand in memory at once in mapped mode: all of a layer but its experts, and one expert. */
function widenedWeights(layer: LayerArchitecture): number {
  const { feedForward } = layer;
  const { experts, others } = layerElements(layer);
  return bytes * (others + (feedForward.kind === 'mixture' ? experts / feedForward.experts : 0));
}
