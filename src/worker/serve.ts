/** @file The worker's side of the protocol: validates requests, runs jobs one at a time, passes progress and errors back. */
import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';

import { messageOf } from '../common/errors';
import type { CheckpointSummary, JobHooks, Progress } from '../protocol/jobs';
import {
  type EngineMethod,
  engineMethods,
  engineNotifications,
  type EngineRequest,
  type EngineResult,
  type Failure,
  failureOf,
  JobMessageSchema,
  type LogMessage,
  parseMessage,
  type ProgressMessage,
} from '../protocol/rpc';
import { JobQueue } from './job-queue';

type QueuedMethod = Exclude<EngineMethod, 'inspect'>;
type QueuedJobs = {
  readonly [M in QueuedMethod]: (request: EngineRequest<M>, hooks: JobHooks) => Promise<EngineResult<M>>;
};

/** What the worker can do; `src/lens` has the real ones. */
export interface Jobs extends QueuedJobs {
  inspect(folder: string): CheckpointSummary;
}

/** JSON-RPC's code for an error of the server; our own kinds travel in the data. */
const internalErrorCode = -32603;
/** Progress is for people: more often than this only costs time. */
const progressInterval = 100;

/**
 * Serves `jobs` on `connection` until the connection ends.
 * @returns `shutDown` cancels what runs or waits and resolves when all of it has ended
 */
export function serve(connection: MessageConnection, jobs: Jobs): { shutDown: () => Promise<void> } {
  const queue = new JobQueue();
  const stopping = new AbortController();
  const notify = (method: string, message: ProgressMessage | LogMessage): void => {
    if (stopping.signal.aborted) return;
    // A channel that no longer takes messages has nobody at its other end.
    connection.sendNotification(method, message).catch(() => stopping.abort());
  };
  const log = (line: string): void => notify(engineNotifications.log, { line });

  const handle = <M extends EngineMethod>(
    method: M,
    run: (params: unknown, hooks: JobHooks & { signal: AbortSignal }) => Promise<unknown>,
  ): void => {
    connection.onRequest(method, async (message: unknown, token: CancellationToken) => {
      try {
        const { job, params } = parseMessage(JobMessageSchema, message, method);
        const signal = AbortSignal.any([abortSignalOf(token), stopping.signal]);
        const progress = throttled(value => notify(engineNotifications.progress, { job, progress: value }));
        const result = await run(params, { progress, log, signal });
        return parseMessage(engineMethods[method].result, result, `result of ${method}`);
      } catch (error) {
        return new ResponseError<Failure>(internalErrorCode, messageOf(error), failureOf(error));
      }
    });
  };

  // Looking at a folder is quick and must not wait for a training run.
  handle('inspect', params =>
    Promise.resolve(jobs.inspect(parseMessage(engineMethods.inspect.params, params, 'inspect').folder)),
  );
  const handleInTurn = <M extends QueuedMethod>(method: M, job: QueuedJobs[M]): void =>
    handle(method, (params, hooks) => {
      const { params: schema }: (typeof engineMethods)[M] = engineMethods[method];
      const request: EngineRequest<M> = parseMessage(schema, params, method);
      return queue.run(() => job(request, hooks), hooks.signal);
    });
  handleInTurn('estimate', jobs.estimate);
  handleInTurn('identify', jobs.identify);
  handleInTurn('finetune', jobs.finetune);
  handleInTurn('evaluate', jobs.evaluate);
  handleInTurn('analyze', jobs.analyze);
  handleInTurn('exportRun', jobs.exportRun);
  handleInTurn('traceRouting', jobs.traceRouting);
  handleInTurn('ablate', jobs.ablate);
  handleInTurn('attentionHeads', jobs.attentionHeads);
  handleInTurn('expertExamples', jobs.expertExamples);
  connection.listen();

  return {
    shutDown: () => {
      stopping.abort();
      return queue.idle();
    },
  };
}

function abortSignalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  if (token.isCancellationRequested) controller.abort();
  return controller.signal;
}

/** Lets a new phase through at once, other updates at most every {@link progressInterval} ms. */
function throttled(send: (progress: Progress) => void): (progress: Progress) => void {
  let phase: string | undefined;
  let sent = 0;
  return progress => {
    const now = Date.now();
    if (progress.phase === phase && now - sent < progressInterval) return;
    phase = progress.phase;
    sent = now;
    send(progress);
  };
}
