/** @file `config.json`: which family a checkpoint belongs to and what it describes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { InputError, messageOf } from '../../common/errors';
import { withInputErrors } from '../../common/file-access';
import { type Architecture, moeLayers } from '../architecture';
import { families, type Family, familyOf } from '../families';

export interface ModelConfig {
  readonly modelType: string;
  readonly raw: unknown;
  /** What padded positions are filled with; 0 where the configuration names none. */
  readonly padTokenId: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

const anyConfig = v.looseObject({ model_type: v.string(), pad_token_id: v.nullish(v.number()) });

/** Reads `config.json`. @throws InputError */
export function readModelConfig(folder: string): ModelConfig {
  const file = path.join(folder, 'config.json');
  if (!existsSync(file)) {
    throw new InputError(`${folder} holds no config.json. Choose the folder of a Hugging Face checkpoint.`);
  }
  const text = withInputErrors(file, () => readFileSync(file, 'utf8'));
  const raw = parseJson(text, file);
  const parsed = v.safeParse(anyConfig, raw);
  if (!parsed.success)
    throw new InputError(`${file}: no "model_type". Choose the folder of a language model checkpoint.`);
  const { model_type: modelType, pad_token_id: padTokenId } = parsed.output;
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { modelType, raw, padTokenId: padTokenId ?? 0, sha256 };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text, line breaks included.
    throw new InputError(`${file} is not valid JSON. Download the file again.`);
  }
}

/** The family that a configuration belongs to. @throws InputError */
export function supportedFamily(folder: string, { modelType }: ModelConfig): Family {
  const family = familyOf(modelType);
  if (family) return family;
  const known = families.flatMap(({ modelTypes }) => modelTypes).join(', ');
  throw new InputError(
    `${path.join(folder, 'config.json')}: model_type "${modelType}" is not supported. Supported: ${known}.`,
  );
}

/** @throws InputError naming the field that is missing or not supported */
export function describeArchitecture(folder: string, config: ModelConfig, family: Family): Architecture {
  const file = path.join(folder, 'config.json');
  try {
    return withPossibleRouting(family.describe(config.raw));
  } catch (error) {
    if (!(error instanceof v.ValiError)) throw new InputError(`${file}: ${messageOf(error)}.`);
    const [issue] = error.issues as v.BaseIssue<unknown>[];
    const field = v.getDotPath(issue) ?? '(whole file)';
    throw new InputError(
      `${file}: field "${field}": ${issue.message}. This is not a ${family.name} configuration that is supported.`,
    );
  }
}

/** @throws Error if no layer has a router, or a token would be sent to more experts than there are */
function withPossibleRouting(architecture: Architecture): Architecture {
  if (moeLayers(architecture).length === 0) throw new Error('no layer has a router');
  for (const { feedForward } of architecture.layers) {
    if (feedForward.kind === 'mixture' && feedForward.topK > feedForward.experts) {
      throw new Error(
        `each token is sent to ${feedForward.topK} experts, but there are ${feedForward.experts}`,
      );
    }
  }
  return architecture;
}
