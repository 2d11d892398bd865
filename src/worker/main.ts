/** @file Entry point of the worker process that the extension forks: the only one of the two that loads onnxruntime. */
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

import { ablate } from '../lens/ablate';
import { analyze } from '../lens/analyses/analyze';
import { attentionHeads } from '../lens/attention-heads';
import { estimate } from '../lens/estimate';
import { evaluate } from '../lens/evaluate-job';
import { expertExamples } from '../lens/expert-examples';
import { exportRun } from '../lens/export-run';
import { finetune } from '../lens/finetune';
import { identify } from '../lens/identify';
import { inspectCheckpoint } from '../lens/inspect';
import { KeptModel } from '../lens/kept-model';
import { traceRouting } from '../lens/routing-view';
import type { JobHooks } from '../protocol/jobs';
import { serve } from './serve';

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const kept = new KeptModel();

/** A long job has the memory budget for itself. */
function alone<R, T>(job: (request: R, hooks: JobHooks) => Promise<T>): typeof job {
  return async (request, hooks) => {
    await kept.release();
    return job(request, hooks);
  };
}

const service = serve(connection, {
  inspect: inspectCheckpoint,
  estimate: alone(estimate),
  identify: alone(identify),
  finetune: alone(finetune),
  evaluate: alone(evaluate),
  analyze: alone(analyze),
  exportRun: alone(exportRun),
  traceRouting: (request, hooks) => traceRouting(request, hooks, kept.use),
  ablate: (request, hooks) => ablate(request, hooks, kept.use),
  attentionHeads: (request, hooks) => attentionHeads(request, hooks, kept.use),
  expertExamples: (request, hooks) => expertExamples(request, hooks, kept.use),
});

// The extension host is gone or wants us gone: end what runs in good order, then leave.
process.once('disconnect', () => {
  void service
    .shutDown()
    .then(() => kept.release())
    .finally(() => process.exit(0));
});
