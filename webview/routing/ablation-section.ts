/** @file The ablation strip: the same prompt with experts switched off or another context; answers side by side. */
import './ablation-section.css';

import { t } from '@vscode/l10n';

import { type AblationMask, ablationMasks, type AblationOutcome } from '../../src/protocol/panel-messages';
import type { RoutingView } from '../../src/protocol/routing-view';
import { element, section } from '../shared/dom';
import { quotedToken } from '../shared/format';
import { pictureMenu, type SaveFile } from '../shared/picture';
import { ablationPicture, type ShownAblation } from './ablation-picture';
import { ablationTable } from './ablation-table';
import { editableText, maskName } from './ablation-words';
import { type Ask, Loading } from './loading';
import type { Ablation } from './state';

export class AblationSection {
  readonly root: HTMLElement;
  private readonly boxes = new Map<AblationMask, HTMLInputElement>();
  private readonly labels = new Map<AblationMask, HTMLElement>();
  private readonly text = element('textarea', { rows: 5, spellcheck: 'false' });
  private readonly textName = element('span');
  private readonly restore = element('button', { type: 'button', class: 'link' }, t('Undo the edit'));
  private readonly loading = new Loading(t('Run'), () => this.run());
  private readonly result = element('div', { class: 'outcome' });
  private readonly readout = element('span');
  private readonly tools = element('span', { class: 'tools', hidden: true });
  private view: RoutingView | undefined;
  private ablation: Ablation = { masks: [] };
  private maskedSet: string | undefined;

  /** @param changed the user chose, wrote, or got an answer */
  constructor(
    private readonly ask: Ask,
    private readonly changed: (ablation: Ablation) => void,
    save: SaveFile,
  ) {
    const { root, note } = section(t('Ablation'), 'ablation');
    this.root = root;
    this.tools.append(
      pictureMenu(
        ablationPicture(() => this.picture()),
        save,
      ).root,
    );
    note.append(this.readout, this.tools);
    const choices = ablationMasks.map(mask => this.choice(mask));
    const caption = element('legend', {}, t('Mask in every layer'));
    this.text.addEventListener('input', () => this.edit());
    this.restore.addEventListener('click', () => this.undo());
    root.append(
      element('fieldset', { class: 'masks' }, caption, ...choices),
      element('label', { class: 'context-edit' }, this.textName, this.text),
      element('div', { class: 'actions' }, this.loading.root, this.restore),
      this.result,
    );
  }

  show(view: RoutingView): void {
    this.view = view;
    this.loading.reset();
    this.textName.textContent = editableText(view).isContext
      ? t('Context: edit it to compare the answers')
      : t('Prompt: edit it to compare the answers');
  }

  update(ablation: Ablation, maskedSet: string | undefined): void {
    const { view } = this;
    if (!view) return;
    [this.ablation, this.maskedSet] = [ablation, maskedSet];
    for (const mask of ablationMasks) {
      const [box, label] = [this.boxes.get(mask), this.labels.get(mask)];
      if (!box || !label) continue;
      box.checked = ablation.masks.includes(mask);
      label.textContent = maskName(mask, maskedSet);
      box.disabled = !isOffered(view, mask, maskedSet);
    }
    const wanted = ablation.edited ?? editableText(view).text;
    if (this.text.value !== wanted) this.text.value = wanted;
    this.restore.hidden = ablation.edited === undefined;
    this.showOutcome(ablation.outcome, maskedSet);
  }

  private showOutcome(outcome: AblationOutcome | undefined, maskedSet: string | undefined): void {
    this.tools.hidden = outcome === undefined;
    this.result.replaceChildren(...(outcome ? [ablationTable(outcome, maskedSet)] : []));
    this.readout.textContent = outcome
      ? t('same prompt, greedy answers · bars: probability of {0}', quotedToken(outcome.reference))
      : t('same prompt, experts switched off in every layer, or another context');
  }

  /** @throws Error while there is no outcome: then there is no menu either */
  private picture(): ShownAblation {
    if (!this.ablation.outcome) throw new Error('nothing is shown');
    return { outcome: this.ablation.outcome, maskedSet: this.maskedSet };
  }

  private choice(mask: AblationMask): HTMLElement {
    const box = element('input', { type: 'checkbox', value: mask });
    const label = element('span');
    this.boxes.set(mask, box);
    this.labels.set(mask, label);
    box.addEventListener('change', () => {
      const masks = ablationMasks.filter(each => this.boxes.get(each)?.checked);
      this.changed({ ...this.ablation, masks });
    });
    return element('label', {}, box, label);
  }

  private edit(): void {
    if (!this.view) return;
    const { value } = this.text;
    this.changed({ ...this.ablation, edited: value === editableText(this.view).text ? undefined : value });
  }

  private undo(): void {
    this.changed({ ...this.ablation, edited: undefined });
    this.text.focus();
  }

  private run(): void {
    const { masks: chosen, edited } = this.ablation;
    const masks = chosen.filter(mask => !this.boxes.get(mask)?.disabled);
    const question = {
      kind: 'ablation' as const,
      masks: masks.length > 0 ? masks : ['none' as const],
      edited,
    };
    void this.loading.wait(this.ask, question, ({ result }) =>
      this.changed({ ...this.ablation, outcome: result }),
    );
  }
}

/** Lists of experts come from a run; a named set only where one is active. */
function isOffered(view: RoutingView, mask: AblationMask, maskedSet: string | undefined): boolean {
  switch (mask) {
    case 'none':
      return true;
    case 'faithful':
    case 'random':
      return Object.keys(view.ce).length > 0;
    case 'original':
      return Object.keys(view.oe).length > 0;
    case 'set':
      return maskedSet !== undefined;
  }
}
