/** @file One worker process: forked, spoken to over JSON-RPC, watched until it ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';

import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
  ResponseError,
} from 'vscode-jsonrpc/node';

import { CancelledError, messageOf } from '../../common/errors';
import type { JobHooks } from '../../protocol/jobs';
import {
  type EngineMethod,
  engineMethods,
  engineNotifications,
  type EngineParams,
  type EngineResult,
  errorFrom,
  FailureSchema,
  type JobMessage,
  LogMessageSchema,
  parseMessage,
  ProgressMessageSchema,
} from '../../protocol/rpc';
import { EngineExitError, restarted } from './engine-exit-error';
import { describeExit } from './exit-cause';

/** Where the engine writes its log. A `LogOutputChannel` is one. */
export interface EngineLog {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Kept for the report of a crash. */
const outputLinesKept = 20;

export class EngineProcess {
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private readonly hooks = new Map<number, JobHooks>();
  private readonly output: string[] = [];
  private nextJob = 0;
  /** Rejects when the process ends, wanted or not. */
  private readonly ended: Promise<never>;
  private stopping = false;

  /**
   * @param workerFile the bundled `src/worker/main.ts`
   * @param onExit called once, unless the process ended because of {@link stop}
   */
  constructor(
    workerFile: string,
    private readonly log: EngineLog,
    onExit: (error: EngineExitError) => void,
  ) {
    this.child = fork(workerFile, [], {
      execArgv: [], // the debugger of the extension host must not be inherited
      env: workerEnvironment(process.env),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
    );
    this.ended = new Promise<never>((_, reject) => {
      const end = (cause: string): void => {
        const output = [...this.output];
        const error = this.stopping ? restarted(output) : new EngineExitError(cause, output);
        reject(error); // before the connection rejects what is pending without saying why
        this.connection.dispose();
        if (!this.stopping) onExit(error);
      };
      this.child.once('exit', (code, signal) => end(describeExit({ code, signal })));
      this.child.once('error', error => end(messageOf(error)));
    });
    this.ended.catch(() => undefined); // nobody waits while no job runs; onExit has told it
    this.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @throws EngineExitError when the process ends meanwhile; else what the job threw, of the same class */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    hooks: JobHooks = {},
  ): Promise<EngineResult<M>> {
    if (hooks.signal?.aborted) throw new CancelledError();
    const message: JobMessage = { job: this.nextJob++, params };
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    hooks.signal?.addEventListener('abort', cancel);
    this.hooks.set(message.job, hooks);
    try {
      const reply = this.connection.sendRequest<unknown>(method, message, source.token);
      const result = await Promise.race([this.ended, reply]);
      return parseMessage(engineMethods[method].result, result, `result of ${method}`);
    } catch (error) {
      const thrown = thrownByJob(error);
      if (thrown) throw thrown;
      if (!this.child.connected) return await this.ended; // the message could not be sent: say why
      throw error;
    } finally {
      this.hooks.delete(message.job);
      hooks.signal?.removeEventListener('abort', cancel);
      source.dispose();
    }
  }

  /** Ends the process at once. */
  stop(): void {
    this.stopping = true;
    this.child.kill('SIGKILL');
  }

  /** Lets the process end its jobs in good order and leave; used when the window closes. */
  leave(): void {
    this.stopping = true;
    if (this.child.connected) this.child.disconnect();
  }

  private listen(): void {
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', line => {
        this.output.push(line);
        if (this.output.length > outputLinesKept) this.output.shift();
        this.log.warn(line);
      });
    }
    this.connection.onNotification(engineNotifications.log, (message: unknown) => {
      const { line } = parseMessage(LogMessageSchema, message, engineNotifications.log);
      this.log.info(line);
    });
    this.connection.onNotification(engineNotifications.progress, (message: unknown) => {
      const update = parseMessage(ProgressMessageSchema, message, engineNotifications.progress);
      this.hooks.get(update.job)?.progress?.(update.progress);
    });
    this.connection.onError(([error]) => this.log.error(messageOf(error)));
    this.connection.listen();
  }
}

/** The extension host's debugger settings would stop the worker at its first line or take its port. */
function workerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = { ...environment, ELECTRON_RUN_AS_NODE: '1' } as NodeJS.ProcessEnv;
  delete kept.NODE_OPTIONS;
  delete kept.VSCODE_INSPECTOR_OPTIONS;
  return kept;
}

/** @returns the error of the job that the worker described, if it is one */
function thrownByJob(error: unknown): Error | undefined {
  if (!(error instanceof ResponseError) || error.data === undefined) return undefined;
  return errorFrom(error.message, parseMessage(FailureSchema, error.data, 'error of a job'));
}
