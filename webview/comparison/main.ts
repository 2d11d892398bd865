/** @file Entry point of the Comparison panel. */
import '../shared/localisation';

import {
  type ComparisonPanelState,
  type FromComparisonPanel,
  ToComparisonPanelSchema,
} from '../../src/protocol/comparison-panel';
import { Host } from '../shared/host';
import { ComparisonPage } from './comparison-page';

const host = new Host<FromComparisonPanel, ComparisonPanelState>();
const page = new ComparisonPage(host.post);

host.listen(
  ToComparisonPanelSchema,
  message => {
    if (message.type === 'error') page.showError(message.text);
    else {
      host.keep({ runs: message.runs.map(({ folder }) => folder) });
      page.show(message.runs);
    }
  },
  text => page.showError(text),
);
host.post({ type: 'ready' });
