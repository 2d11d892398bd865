/** @file Evaluations of a workspace: folders beside the runs, made by the extension, filled by the engine. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { messageOf } from '../../common/errors';
import { runsFolder } from '../../protocol/artifacts';
import { type Evaluation, EvaluationSchema } from '../../protocol/evaluation';

/** The engine writes a table and a picture beside it, under the same name. */
export const evaluationFile = 'evaluation.json';
export const evaluationTable = 'evaluation.csv';
/** The experts that were switched off. */
export const evaluationMaskFile = 'mask.json';

export interface EvaluationRun {
  /** Absolute path. */
  folder: string;
  /** Name of the folder, which starts with the UTC time. */
  id: string;
  evaluation: Omit<Evaluation, 'predictions'>;
}

const FileSchema = v.pipe(v.string(), v.parseJson(), v.omit(EvaluationSchema, ['predictions']));

/** @param warn told about each evaluation that cannot be read: one line */
export function listEvaluations(workspaceFolder: string, warn: (line: string) => void): EvaluationRun[] {
  const parent = path.join(workspaceFolder, runsFolder);
  const found: EvaluationRun[] = [];
  for (const id of namesIn(parent).filter(name => /-evaluate(-\d+)?$/.test(name))) {
    const folder = path.join(parent, id);
    const file = path.join(folder, evaluationFile);
    try {
      if (!namesIn(folder).includes(evaluationFile)) continue;
      const parsed = v.safeParse(FileSchema, readFileSync(file, 'utf8'));
      if (parsed.success) found.push({ folder, id, evaluation: parsed.output });
      else warn(`${file}: ${v.getDotPath(parsed.issues[0]) ?? 'whole file'}: ${parsed.issues[0].message}`);
    } catch (error) {
      warn(messageOf(error));
    }
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
