/** @file The engine as the extension sees it: started when first needed, started again after a crash, one per window. */
import { t } from '@vscode/l10n';

import { InputError } from '../../common/errors';
import type { JobHooks } from '../../protocol/jobs';
import type { EngineMethod, EngineParams, EngineResult } from '../../protocol/rpc';
import { type EngineExitError, type EngineLog, EngineProcess } from './engine-process';
import { RestartPolicy } from './restart-policy';

/** `off`: not started yet; `crashed`: the next job starts it again. */
export type EngineState = 'off' | 'idle' | 'busy' | 'crashed';

export interface EngineEvents {
  onState?: (state: EngineState) => void;
  /** The process ended by itself. Jobs that ran were rejected with the same error. */
  onCrash?: (error: EngineExitError) => void;
}

export class Engine {
  private process: EngineProcess | undefined;
  private running = 0;
  private crashed = false;

  /** @param workerFile the bundled `src/worker/main.ts` */
  constructor(
    private readonly workerFile: string,
    private readonly log: EngineLog,
    private readonly events: EngineEvents = {},
    private readonly policy = new RestartPolicy(),
  ) {}

  /** Of the worker process, while there is one. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  get state(): EngineState {
    if (this.crashed) return 'crashed';
    if (!this.process) return 'off';
    return this.running > 0 ? 'busy' : 'idle';
  }

  /**
   * Runs one request.
   * @throws InputError when the engine crashed too often to be started again by itself
   * @throws EngineExitError when the process ends meanwhile
   */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    hooks: JobHooks = {},
  ): Promise<EngineResult<M>> {
    const worker = this.started();
    this.running++;
    this.changed();
    try {
      return await worker.request(method, params, hooks);
    } finally {
      this.running--;
      this.changed();
    }
  }

  /** Ends what runs and starts afresh with the next job. */
  restart(): void {
    this.process?.stop();
    this.process = undefined;
    this.crashed = false;
    this.policy.reset();
    this.log.info('Engine restarted.');
    this.changed();
  }

  dispose(): void {
    this.process?.leave();
    this.process = undefined;
  }

  private started(): EngineProcess {
    if (this.process) return this.process;
    if (this.crashed && !this.policy.tryRestart())
      throw new InputError(
        t(
          'The engine crashed five times within three minutes and is not started again: look at the log, then run “Restart Engine”.',
        ),
      );
    this.crashed = false;
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
    this.events.onState?.(this.state);
  }
}
