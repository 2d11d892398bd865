/** @file The worker's side of the protocol: validates requests, runs jobs one at a time, passes progress and errors back. */
import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';

import { messageOf } from '../common/errors';
import type { ExportRequest, ExportResult } from '../protocol/export';
import type { FinetuneRequest, FinetuneResult } from '../protocol/finetune';
import type {
  CheckpointSummary,
  IdentifyRequest,
  IdentifyResult,
  JobHooks,
  Progress,
  TraceRequest,
} from '../protocol/jobs';
import type { RoutingView } from '../protocol/routing-view';
import {
  type EngineMethod,
  engineMethods,
  engineNotifications,
  type Failure,
  failureOf,
  JobMessageSchema,
  type LogMessage,
  parseMessage,
  type ProgressMessage,
} from '../protocol/rpc';
import { JobQueue } from './job-queue';

/** What the worker can do; `src/lens` has the real ones. */
export interface Jobs {
  inspect(folder: string): CheckpointSummary;
  identify(request: IdentifyRequest, hooks: JobHooks): Promise<IdentifyResult>;
  finetune(request: FinetuneRequest, hooks: JobHooks): Promise<FinetuneResult>;
  exportRun(request: ExportRequest, hooks: JobHooks): Promise<ExportResult>;
  traceRouting(request: TraceRequest, hooks: JobHooks): Promise<RoutingView>;
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
  handle('identify', (params, hooks) => {
    const request = parseMessage(engineMethods.identify.params, params, 'identify');
    return queue.run(() => jobs.identify(request, hooks), hooks.signal);
  });
  handle('finetune', (params, hooks) => {
    const request = parseMessage(engineMethods.finetune.params, params, 'finetune');
    return queue.run(() => jobs.finetune(request, hooks), hooks.signal);
  });
  handle('exportRun', (params, hooks) => {
    const request = parseMessage(engineMethods.exportRun.params, params, 'exportRun');
    return queue.run(() => jobs.exportRun(request, hooks), hooks.signal);
  });
  handle('traceRouting', (params, hooks) => {
    const request = parseMessage(engineMethods.traceRouting.params, params, 'traceRouting');
    return queue.run(() => jobs.traceRouting(request, hooks), hooks.signal);
  });
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
