/** @file The training of this window: one at a time, followed while it goes on, stopped and gone on with. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { CancelledError, InputError, messageOf } from '../../common/errors';
import type { CeftTraining } from '../../protocol/ceft-messages';
import {
  type FinetuneRequestInput,
  FinetuneRequestSchema,
  type FinetuneResult,
} from '../../protocol/finetune';
import {
  type IdentifyRequestInput,
  IdentifyRequestSchema,
  type IdentifyResult,
  type JobHooks,
} from '../../protocol/jobs';
import { requestToResume } from '../../protocol/resume-request';
import type { Engine } from '../engine/engine';
import { EngineExitError } from '../engine/engine-exit-error';
import { withJobProgress } from '../job-progress';
import { contextKeys } from '../manifest';
import { LinesTail, metricsFile } from '../runs/run-lines';
import { runTitle } from '../runs/run-rows';
import { closeCrashedRun, isResumable, type Run } from '../workspace/runs';
import { LiveMetrics } from './live-metrics';

type Result = FinetuneResult | IdentifyResult;

/** A job that trains, as it is shown and as it is run. */
interface Job {
  title: string;
  folder: string;
  run: (hooks: JobHooks) => Promise<Result>;
}

export class Training implements vscode.Disposable {
  private shown: CeftTraining | undefined;
  private controller: AbortController | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly engine: Engine) {}

  /** What goes on, or went on last in this window. */
  get current(): CeftTraining | undefined {
    return this.shown;
  }

  get busy(): boolean {
    return this.controller !== undefined;
  }

  /** @throws InputError if another training goes on; what the engine throws */
  finetune(request: FinetuneRequestInput, title: string): Promise<Result> {
    return this.during({
      ...{ title, folder: request.out },
      run: hooks => this.engine.request('finetune', request, hooks),
    });
  }

  /** Goes on with a run that was stopped. @throws InputError if it cannot go on; what the engine throws */
  resume({ folder, record }: Run): Promise<Result> {
    const title = runTitle(record);
    const model = record.model.path;
    const missing = (): InputError =>
      new InputError(t('{0}: run.json lacks settings. Start the run anew.', folder));
    if (record.job === 'finetune') {
      const request = requestToResume(FinetuneRequestSchema, record, folder, model);
      if (!request) throw missing();
      return this.finetune(request satisfies FinetuneRequestInput, title);
    }
    if (record.job !== 'identify') throw new InputError(t('{0}: only what trains can go on.', folder));
    const request = requestToResume(IdentifyRequestSchema, record, folder, model);
    if (!request) throw missing();
    const identify: IdentifyRequestInput = request;
    return this.during({ title, folder, run: hooks => this.engine.request('identify', identify, hooks) });
  }

  stop(): void {
    if (!this.controller || !this.shown) return;
    this.controller.abort();
    this.show({ ...this.shown, phase: 'stopping' });
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async during({ title, folder, run }: Job): Promise<Result> {
    if (this.busy) throw new InputError(t('A training is going on: stop it, or wait for its end.'));
    const controller = new AbortController();
    this.controller = controller;
    this.setKey(true);
    const tail = new LinesTail(folder, metricsFile);
    const metrics = new LiveMetrics();
    const read = async (): Promise<void> => metrics.add(await tail.read());
    const begun: CeftTraining = {
      ...{ phase: 'running', title, run: folder, resumable: false },
      ...metrics.curves(),
    };
    this.show(begun);
    try {
      const result = await withJobProgress(title, hooks =>
        run({
          signal: AbortSignal.any([controller.signal, ...(hooks.signal ? [hooks.signal] : [])]),
          progress: progress => {
            hooks.progress?.(progress);
            void read().then(() => {
              if (this.controller === controller && this.shown)
                this.show({ ...this.shown, progress, ...metrics.curves() });
            }, ignored);
          },
        }),
      );
      await read();
      this.end({ ...begun, phase: 'done', ...metrics.curves(), results: result.run.results });
      return result;
    } catch (error) {
      if (error instanceof EngineExitError) closeCrashedRun(folder, error.message);
      await read().catch(ignored);
      const resumable = isResumable(folder);
      const why = error instanceof CancelledError ? {} : { error: messageOf(error) };
      this.end({ ...begun, phase: 'stopped', resumable, ...metrics.curves(), ...why });
      throw error;
    }
  }

  private end(shown: CeftTraining): void {
    this.controller = undefined;
    this.setKey(false);
    this.show(shown);
  }

  private show(shown: CeftTraining): void {
    this.shown = shown;
    this.changed.fire();
  }

  private setKey(training: boolean): void {
    void vscode.commands.executeCommand('setContext', contextKeys.isTraining, training);
  }
}

/** The curves are a convenience: the job's own outcome is what counts. */
function ignored(): void {
  // Nothing to do.
}
