/** @file The Analysis panels: one for each result that is looked at, restored after a reload. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import { analysisFiles } from '../../protocol/analyses';
import {
  type AnalysisPanelState,
  AnalysisPanelStateSchema,
  FromAnalysisPanelSchema,
  type ToAnalysisPanel,
} from '../../protocol/analysis-panel';
import { type AnalysisResult, AnalysisResultSchema } from '../../protocol/analysis-results';
import { panels } from '../manifest';
import { PagePanel } from '../page-panel';
import { RestoredPanels } from '../restored-panels';
import { readRun } from '../workspace/runs';

/** Panels that show the result in a run folder. */
export function analysisPanels(
  extensionUri: vscode.Uri,
  log: vscode.LogOutputChannel,
): RestoredPanels<AnalysisPanelState> {
  return new RestoredPanels({
    ...{ type: panels.analysis, title: t('Analysis'), state: AnalysisPanelStateSchema },
    fill: (panel, { run }) => {
      const page = new PagePanel<never, ToAnalysisPanel>(panel, {
        ...{ extensionUri, log, bundle: 'analysis', saveIn: run },
        incoming: FromAnalysisPanelSchema,
        ready: () => {
          const message = read(run);
          if (message.type === 'show') page.title = t('Analysis: {0}', message.result.kind);
          page.post(message);
        },
      });
    },
  });
}

function read(folder: string): ToAnalysisPanel {
  try {
    return { type: 'show', folder, record: readRun(folder).record, result: readAnalysis(folder) };
  } catch (error) {
    return { type: 'error', text: messageOf(error) };
  }
}

/** @throws Error, one line, if there is no valid result in the folder */
export function readAnalysis(folder: string): AnalysisResult {
  const file = path.join(folder, analysisFiles.result);
  const schema = v.pipe(v.string(), v.parseJson(), AnalysisResultSchema);
  const parsed = v.safeParse(schema, readFileSync(file, 'utf8'));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${file}: ${v.getDotPath(issue) ?? t('the whole file')}: ${issue.message}.`);
}
