/** @file Entry point of the CEFT view: messages of the extension in, what is typed and pressed out. */
import '../shared/localisation';
import './ceft.css';

import type { CeftForm } from '../../src/protocol/ceft-form';
import { element } from '../shared/dom';
import { Form } from './form';
import { type Shown, Start } from './start';
import { TrainingProgress } from './training-progress';
import { listen, post } from './vscode-api';

let shown: Shown | undefined;

const act = (action: Parameters<Start['act']>[0]): void => post({ type: 'do', action });
const form = new Form({
  change: (values: CeftForm) => {
    post({ type: 'change', form: values });
    show();
  },
  act,
});
const start = new Start(act);
const training = new TrainingProgress(act);
const notice = element('p', { class: 'problem', role: 'alert', hidden: true });

const main = element('main', {}, notice, form.root, start.root, training.root);
document.body.append(main);

function show(): void {
  if (!shown) return;
  const checked = form.check(shown.choices);
  start.show(shown, checked);
  training.show(shown.training);
  placeTraining(shown.training?.phase === 'running' || shown.training?.phase === 'stopping');
}

/** What goes on, and the button that stops it, are in sight without scrolling; afterwards the form comes first again. */
function placeTraining(running: boolean): void {
  const isFirst = training.root.nextElementSibling === start.root;
  if (running === isFirst) return;
  if (running) {
    start.root.before(training.root);
    main.append(form.root);
  } else {
    training.root.before(form.root);
    main.append(training.root);
  }
}

listen(
  message => {
    if (message.type === 'form') form.fill(message.form);
    else {
      shown = message;
      form.offer(message.choices);
    }
    show();
  },
  line => {
    notice.hidden = false;
    notice.textContent = line;
  },
);
post({ type: 'ready' });
