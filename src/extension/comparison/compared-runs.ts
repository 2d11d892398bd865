/** @file What the Comparison panel shows of each run, read from the run folders. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { type ExpertList, runFiles } from '../../protocol/artifacts';
import type { ComparedRun } from '../../protocol/comparison-panel';
import { readAnalysis } from '../analysis/analysis-panels';
import { LinesTail, metricsFile } from '../runs/run-lines';
import { readContextDependence, readRun, type Run } from '../workspace/runs';

/**
 * @param known all runs of the workspace, newest first: analyses of forgetting among them have answers without a context
 * @throws Error, one line, if a folder is no run or a file of it is not valid
 */
export function readComparedRuns(folders: readonly string[], known: readonly Run[]): Promise<ComparedRun[]> {
  return Promise.all(
    folders.map(async folder => {
      const run = readRun(folder);
      return {
        folder,
        record: run.record,
        metrics: (await new LinesTail(folder, metricsFile).read()).lines,
        experts: expertsOf(run),
        closed_book: closedBook(folder, known),
      };
    }),
  );
}

/** Of a fine-tuning those that it trained, otherwise the context-faithful ones that were found. */
function expertsOf(run: Run): ExpertList | undefined {
  if (run.record.job === 'finetune') return run.record.experts;
  return existsSync(path.join(run.folder, runFiles.contextDependence))
    ? readContextDependence(run).ce
    : undefined;
}

/** The newest analysis of forgetting that has the run. */
function closedBook(folder: string, known: readonly Run[]): ComparedRun['closed_book'] {
  for (const { folder: analysis, record } of known) {
    if (record.job !== 'analyze-forgetting' || record.status !== 'done') continue;
    const result = readAnalysis(analysis);
    if (result.kind !== 'forgetting') continue;
    const tuned = result.variants.find(({ run }) => run !== undefined && path.resolve(run) === folder);
    const base = result.variants.find(({ run }) => run === undefined);
    if (tuned && base) return { base: base.scores, tuned: tuned.scores };
  }
  return undefined;
}
