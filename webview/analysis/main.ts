/** @file Entry point of the Analysis panel. */
import '../shared/localisation';

import {
  type AnalysisPanelState,
  type FromAnalysisPanel,
  ToAnalysisPanelSchema,
} from '../../src/protocol/analysis-panel';
import { Host } from '../shared/host';
import { AnalysisPage } from './analysis-page';

const host = new Host<FromAnalysisPanel, AnalysisPanelState>();
const page = new AnalysisPage(host.post);

host.listen(
  ToAnalysisPanelSchema,
  message => {
    if (message.type === 'error') page.showError(message.text);
    else {
      host.keep({ run: message.folder });
      page.show(message);
    }
  },
  text => page.showError(text),
);
host.post({ type: 'ready' });
