/** @file The checkpoints of the workspace, and what the engine says of them: asked once for each. */
import path from 'node:path';

import { messageOf } from '../../common/errors';
import type { CheckpointSummary } from '../../protocol/jobs';
import type { Engine } from '../engine/engine';
import { type CheckpointConfig, readCheckpointConfig } from './checkpoint-config';

/** A folder that may be used as a model. */
export interface Checkpoint {
  folder: string;
  name: string;
  /** Absent: `config.json` cannot be read. */
  config?: CheckpointConfig;
  /** Why there is no `config`: one line. */
  problem?: string;
}

export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const checkpoint = { folder, name: path.basename(folder) };
  try {
    return { ...checkpoint, config: await readCheckpointConfig(folder) };
  } catch (error) {
    return { ...checkpoint, problem: messageOf(error) };
  }
}

export class Checkpoints {
  private readonly summaries = new Map<string, { version: string; summary: Promise<CheckpointSummary> }>();
  private readonly answers = new Map<string, CheckpointSummary>();

  constructor(private readonly engine: Pick<Engine, 'request'>) {}

  /** What {@link inspect} gave for it, if it was asked. */
  known({ folder, config }: Checkpoint): CheckpointSummary | undefined {
    const asked = this.summaries.get(folder);
    return asked?.version === config?.version ? this.answers.get(folder) : undefined;
  }

  /** The engine is asked again: what it said may have been its own fault. */
  forget(): void {
    this.summaries.clear();
    this.answers.clear();
  }

  /** Starts the engine if need be. A folder that cannot be read is described as not supported. */
  inspect({ folder, name, config }: Checkpoint): Promise<CheckpointSummary> {
    const version = config?.version ?? '';
    const asked = this.summaries.get(folder);
    if (asked?.version === version) return asked.summary;
    this.answers.delete(folder);
    const summary = this.engine.request('inspect', { folder }).then(
      // The path as it was found, so that it can be compared with the one remembered.
      answer => ({ ...answer, path: folder }),
      (error: unknown): CheckpointSummary => {
        const problems = [messageOf(error)];
        return { path: folder, name, model_type: config?.modelType ?? 'unknown', supported: false, problems };
      },
    );
    this.summaries.set(folder, { version, summary });
    void summary.then(answer => {
      if (this.summaries.get(folder)?.summary === summary) this.answers.set(folder, answer);
    });
    return summary;
  }
}
