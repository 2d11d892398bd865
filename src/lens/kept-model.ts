/** @file One model that stays open between short requests: the next about the same one need not load it again. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { collectGarbage } from '../common/collect-garbage';
import { CancelledError, InputError } from '../common/errors';
import { runFiles } from '../protocol/artifacts';
import { type ModelRequest, type OpenedModel, openForRequest, type UseModel } from './opened-model';

/** An open model is of use while somebody looks at it. */
const idleMinutes = 5;

/**
 * Requests must come one at a time. What is asked of another checkpoint, run or engine, or after any of their files has
 * changed, closes the model that is open and opens another.
 */
export class KeptModel {
  private kept: { readonly key: string; readonly opened: OpenedModel } | undefined;
  private idle: NodeJS.Timeout | undefined;
  private freed: Promise<void> = Promise.resolve();

  readonly use: UseModel = async (request, hooks, work) => {
    clearTimeout(this.idle);
    const key = keyOf(request);
    if (this.kept?.key !== key) await this.release();
    await this.freed;
    this.kept ??= { key, opened: await openForRequest(request, hooks) };
    try {
      return await work(this.kept.opened);
    } catch (error) {
      // After anything else the sessions may be in any state.
      if (!(error instanceof InputError || error instanceof CancelledError)) await this.release();
      throw error;
    } finally {
      if (this.kept) this.idle = setTimeout(() => void this.release(), idleMinutes * 60_000).unref();
    }
  };

  /** Frees the model, if one is open. */
  release(): Promise<void> {
    clearTimeout(this.idle);
    const { kept } = this;
    this.kept = undefined;
    if (kept) this.freed = kept.opened.model.release().then(collectGarbage);
    return this.freed;
  }
}

/** The same for requests that the same open model serves. */
function keyOf({ model, run, engine }: ModelRequest): string {
  const folders = [model, ...(run === undefined ? [] : [run, path.join(run, runFiles.adapter)])];
  return JSON.stringify([folders.map(folder => [path.resolve(folder), filesOf(folder)]), engine]);
}

/** Names, sizes and times of the files of a folder: what tells whether one was written anew. */
function filesOf(folder: string): unknown[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(({ name }) => {
      const stats = statSync(path.join(folder, name), { throwIfNoEntry: false });
      return [name, stats?.size, stats?.mtimeMs];
    });
}
