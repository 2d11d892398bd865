/** @file The Comparison panels, restored after a reload. */
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import {
  type ComparisonPanelState,
  ComparisonPanelStateSchema,
  FromComparisonPanelSchema,
  type ToComparisonPanel,
} from '../../protocol/comparison-panel';
import { panels } from '../manifest';
import { PagePanel } from '../page-panel';
import { RestoredPanels } from '../restored-panels';
import type { RunHistory } from '../runs/run-history';
import { readComparedRuns } from './compared-runs';

/** Panels that show runs side by side. */
export function comparisonPanels(
  extensionUri: vscode.Uri,
  history: RunHistory,
  log: vscode.LogOutputChannel,
): RestoredPanels<ComparisonPanelState> {
  return new RestoredPanels({
    ...{ type: panels.comparison, title: t('Comparison'), state: ComparisonPanelStateSchema },
    fill: (panel, { runs }) => {
      const page = new PagePanel<never, ToComparisonPanel>(panel, {
        ...{ extensionUri, log, bundle: 'comparison' },
        incoming: FromComparisonPanelSchema,
        ready: () => {
          readComparedRuns(runs, history.runs()).then(
            compared => page.post({ type: 'show', runs: compared }),
            (error: unknown) => page.post({ type: 'error', text: messageOf(error) }),
          );
        },
      });
    },
  });
}
