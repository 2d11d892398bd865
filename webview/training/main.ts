/** @file Entry point of the Training panel: messages of the extension in, the user's doings out. */
import '../shared/localisation';

import {
  type FromTrainingPanel,
  type ToTrainingPanel,
  ToTrainingPanelSchema,
  type TrainingPanelState,
} from '../../src/protocol/training-panel';
import { Host } from '../shared/host';
import { TrainingPage } from './training-page';

const host = new Host<FromTrainingPanel, TrainingPanelState>();
const page = new TrainingPage({
  act: action => host.post({ type: 'act', action }),
  save: host.post,
});

function handle(message: ToTrainingPanel): void {
  switch (message.type) {
    case 'run':
      host.keep({ run: message.folder });
      page.showRun(message);
      break;
    case 'metrics':
      page.showMetrics(message.lines, message.from_start);
      break;
    case 'ratios':
      page.showRatios(message.lines, message.from_start);
      break;
    case 'error':
      page.showError(message.text);
      break;
  }
}

host.listen(ToTrainingPanelSchema, handle, text => page.showError(text));
host.post({ type: 'ready' });
