/** @file What a checkpoint folder is, and whether and why not it can be used. */
import path from 'node:path';

import { InputError } from '../common/errors';
import { type Architecture, expertCounts, moeLayers } from '../model/architecture';
import { Checkpoint } from '../model/checkpoint/checkpoint';
import { describeArchitecture, readModelConfig, supportedFamily } from '../model/checkpoint/model-config';
import { Tokenizer } from '../model/tokenizer/tokenizer';
import type { ModelIdentity } from '../protocol/artifacts';
import type { CheckpointSummary } from '../protocol/jobs';

/**
 * Describes a folder. Problems are listed, one line each, instead of thrown.
 * @throws InputError if the folder has no `config.json` that can be read
 */
export function inspectCheckpoint(folder: string): CheckpointSummary {
  const config = readModelConfig(folder);
  const summary = { path: folder, name: path.basename(path.resolve(folder)), model_type: config.modelType };
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const family = attempt(() => supportedFamily(folder, config));
  const architecture = family && attempt(() => describeArchitecture(folder, config, family));
  const checkpoint = architecture && attempt(() => Checkpoint.open(folder));
  if (checkpoint) attempt(() => Tokenizer.load(folder));
  return {
    ...summary,
    ...(family ? { family: family.name } : {}),
    supported: problems.length === 0,
    problems,
    ...(architecture ? geometry(architecture) : {}),
    ...(checkpoint ? sizes(checkpoint) : {}),
  };
}

function geometry(architecture: Architecture): Partial<CheckpointSummary> {
  const layers = moeLayers(architecture);
  const { experts, topK } = expertCounts(architecture);
  return {
    num_layers: architecture.layers.length,
    moe_layers: layers,
    num_experts: experts,
    top_k: topK,
    hidden_size: architecture.hiddenSize,
    vocabulary: architecture.vocabularySize,
  };
}

function sizes(checkpoint: Checkpoint): Partial<CheckpointSummary> {
  const elements = new Map<string, number>();
  for (const { dtype, byteLength } of checkpoint.files.tensors.values()) {
    elements.set(dtype, (elements.get(dtype) ?? 0) + byteLength);
  }
  const [[dtype]] = [...elements].sort(([, a], [, b]) => b - a);
  return { parameters: checkpoint.parameters, bytes: checkpoint.files.bytes, dtype };
}

/** The identity of an opened checkpoint, for the record of a run. */
export function modelIdentity(checkpoint: Checkpoint): ModelIdentity {
  const layers = moeLayers(checkpoint.architecture);
  const { experts, topK } = expertCounts(checkpoint.architecture);
  return {
    path: path.resolve(checkpoint.folder),
    name: checkpoint.name,
    family: checkpoint.architecture.family,
    bytes: checkpoint.files.bytes,
    config_sha256: checkpoint.config.sha256,
    weights_sha256: checkpoint.files.weightsSha256,
    num_layers: checkpoint.architecture.layers.length,
    moe_layers: layers,
    num_experts: experts,
    top_k: topK,
    parameters: checkpoint.parameters,
  };
}
