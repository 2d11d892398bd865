/**
 * @file The engine as the extension sees it, one per window: started when first needed, ended when idle, started again
 * after a crash.
 */
import { t } from '@vscode/l10n';

import { InputError } from '../../common/errors';
import type { JobHooks, Progress } from '../../protocol/jobs';
import type { EngineMethod, EngineParams, EngineResult } from '../../protocol/rpc';
import { type EngineExitError, restarted } from './engine-exit-error';
import type { EngineLog, EngineProcess } from './engine-process';
import { IdleStop } from './idle-stop';
import { RestartPolicy } from './restart-policy';

/** `off`: not started yet, or ended because it was idle; `crashed`: the next job starts it again. */
export type EngineState = 'off' | 'idle' | 'busy' | 'crashed';

export interface EngineEvents {
  /** The state or the progress of what runs changed. */
  onChange?: () => void;
  /** The process ended by itself. Jobs that ran were rejected with the same error. */
  onCrash?: (error: EngineExitError) => void;
}

/** The engine crashed too often to be started again without asking. */
export class TooManyCrashesError extends InputError {}

export class Engine {
  private process: EngineProcess | undefined;
  private running = 0;
  private crashed = false;
  /** Of the jobs that run, in the order of their begin. */
  private readonly progresses = new Map<symbol, Progress>();
  private readonly idle: IdleStop;
  /** Grows when the process is stopped on purpose: what was about to be started then is not. */
  private stops = 0;

  /**
   * @param workerFile the bundled `src/worker/main.ts`
   * @param idleMinutes after how long without work the process is ended; 0: never
   */
  constructor(
    private readonly workerFile: string,
    private readonly log: EngineLog,
    private readonly events: EngineEvents = {},
    idleMinutes: () => number = () => 0,
    private readonly policy = new RestartPolicy(),
  ) {
    this.idle = new IdleStop(idleMinutes, () => this.endIdle());
  }

  /** Of the worker process, while there is one. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  get state(): EngineState {
    if (this.crashed) return 'crashed';
    if (this.running > 0) return 'busy';
    return this.process ? 'idle' : 'off';
  }

  /** Of the job that runs, once it has told any. */
  get progress(): Progress | undefined {
    const [first] = this.progresses.values(); // jobs run one at a time
    return first;
  }

  /**
   * Runs one request.
   * @throws TooManyCrashesError when only the user can start the engine again
   * @throws EngineExitError when the process ends meanwhile
   */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    hooks: JobHooks = {},
  ): Promise<EngineResult<M>> {
    this.running++;
    this.idle.work();
    this.changed();
    const job = Symbol(method);
    const progress = (progress: Progress): void => {
      this.progresses.set(job, progress);
      hooks.progress?.(progress);
      this.changed();
    };
    try {
      const worker = await this.started();
      return await worker.request(method, params, { ...hooks, progress });
    } finally {
      this.running--;
      this.progresses.delete(job);
      if (this.running === 0) this.idle.rest();
      this.changed();
    }
  }

  /** Ends what runs and starts afresh with the next job. */
  restart(): void {
    this.stops++;
    this.process?.stop();
    this.process = undefined;
    this.crashed = false;
    this.policy.reset();
    this.log.info('Engine restarted.');
    this.changed();
  }

  dispose(): void {
    this.stops++;
    this.idle.work();
    this.process?.leave();
    this.process = undefined;
  }

  private endIdle(): void {
    if (!this.process || this.running > 0) return;
    this.process.leave();
    this.process = undefined;
    this.log.info('Engine stopped: there was nothing to do. The next job starts it again.');
    this.changed();
  }

  private async started(): Promise<EngineProcess> {
    if (this.process) return this.process;
    if (this.crashed && !this.policy.tryRestart())
      throw new TooManyCrashesError(
        t(
          'The engine crashed five times within three minutes and is not started again: look at the log, then run “Restart Engine”.',
        ),
      );
    this.crashed = false;
    const { stops } = this;
    // Not loaded before it is needed: the extension starts faster.
    const { EngineProcess } = await import('./engine-process');
    if (stops !== this.stops) throw restarted([]);
    if (this.process) return this.process; // another job came first
    const worker: EngineProcess = new EngineProcess(this.workerFile, this.log, error => {
      if (this.process === worker) this.process = undefined;
      this.crashed = true;
      this.log.error(error.message);
      this.changed();
      this.events.onCrash?.(error);
    });
    this.process = worker;
    this.log.info(`Engine started, process ${worker.pid ?? 'unknown'}.`);
    return worker;
  }

  private changed(): void {
    this.events.onChange?.();
  }
}
