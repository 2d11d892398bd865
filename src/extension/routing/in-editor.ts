/** @file What the text editor shows of traces and datasets, beside the colours: hovers and CodeLenses. */
import * as vscode from 'vscode';

import { datasetDocuments, SampleLens } from './sample-lens';
import { StaleLens } from './stale-lens';
import { TokenHover } from './token-hover';
import type { TraceStore } from './trace-store';

export function registerInEditor(traces: TraceStore): vscode.Disposable {
  const anyDocument = '*'; // of any language and scheme, cells of notebooks as well: who was traced has hovers
  const samples = new SampleLens();
  const stale = new StaleLens(traces);
  return vscode.Disposable.from(
    samples,
    stale,
    vscode.languages.registerHoverProvider(anyDocument, new TokenHover(traces)),
    vscode.languages.registerCodeLensProvider(datasetDocuments, samples),
    vscode.languages.registerCodeLensProvider(anyDocument, stale),
  );
}
