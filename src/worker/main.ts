/** @file Entry point of the worker process that the extension forks: the only one of the two that loads onnxruntime. */
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

import { analyze } from '../lens/analyses/analyze';
import { estimate } from '../lens/estimate';
import { evaluate } from '../lens/evaluate-job';
import { exportRun } from '../lens/export-run';
import { finetune } from '../lens/finetune';
import { identify } from '../lens/identify';
import { inspectCheckpoint } from '../lens/inspect';
import { traceRouting } from '../lens/routing-view';
import { serve } from './serve';

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const service = serve(connection, {
  inspect: inspectCheckpoint,
  estimate,
  identify,
  finetune,
  evaluate,
  analyze,
  exportRun,
  traceRouting,
});

// The extension host is gone or wants us gone: end what runs in good order, then leave.
process.once('disconnect', () => {
  void service.shutDown().finally(() => process.exit(0));
});
