/** @file The toolbar: what is shown, of which routers, and what colours it. */
import './toolbar.css';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';

import { t } from '@vscode/l10n';
import type { VscodeSingleSelect } from '@vscode-elements/elements/dist/vscode-single-select/index.js';

import { element } from '../shared/dom';
import { type Grouping, groupings } from './groups';
import {
  availableModes,
  availableQuantities,
  hasMean,
  layersOf,
  type Mode,
  modes,
  quantities,
  type Quantity,
  quantityHint,
  quantityName,
} from './quantities';
import type { PanelState } from './state';

export interface ToolbarEvents {
  mode: (mode: Mode) => void;
  quantity: (quantity: Quantity) => void;
  grouping: (grouping: Grouping) => void;
  layer: (layer: number | undefined) => void;
}

const modeNames: Record<Mode, string> = { base: t('Base'), tuned: t('Tuned'), difference: t('Difference') };
const modeHints: Record<Mode, string> = {
  base: t('Routing of the model as it is on disk'),
  tuned: t('Routing of the tuned model'),
  difference: t('Tuned minus base'),
};
const groupingNames: Record<Grouping, string> = {
  token: t('tokens'),
  word: t('words'),
  sentence: t('sentences'),
  paragraph: t('paragraphs'),
};
const mean = 'mean';

export class Toolbar {
  readonly root: HTMLElement;
  private readonly model = element('output');
  private readonly run = element('output');
  private readonly radios: Record<Mode, HTMLInputElement>;
  private readonly quantity = element('vscode-single-select', { label: t('Colour by') });
  private readonly grouping = element('vscode-single-select', { label: t('Group'), class: 'short' });
  private readonly layer = element('vscode-single-select', { label: t('Prompt shows'), class: 'short' });

  constructor(events: ToolbarEvents) {
    this.radios = {
      base: radio('base', events.mode),
      tuned: radio('tuned', events.mode),
      difference: radio('difference', events.mode),
    };
    const segments = modes.map(mode =>
      element('label', { title: modeHints[mode] }, this.radios[mode], element('span', {}, modeNames[mode])),
    );
    const caption = element('legend', { class: 'visually-hidden' }, t('Routers'));
    this.quantity.addEventListener('change', () => {
      const chosen = quantities.find(quantity => quantity === this.quantity.value);
      if (chosen) events.quantity(chosen);
    });
    this.grouping.addEventListener('change', () => {
      const chosen = groupings.find(grouping => grouping === this.grouping.value);
      if (chosen) events.grouping(chosen);
    });
    this.layer.addEventListener('change', () =>
      events.layer(this.layer.value === mean ? undefined : Number(this.layer.value)),
    );
    this.root = element(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': t('What is shown') },
      element('span', { class: 'fact' }, element('span', {}, t('Model')), this.model),
      element('span', { class: 'fact' }, element('span', {}, t('Run')), this.run),
      element('fieldset', { class: 'segments' }, caption, ...segments),
      element('div', { class: 'choice' }, element('span', {}, t('Colour by')), this.quantity),
      element('div', { class: 'choice' }, element('span', {}, t('Group')), this.grouping),
      element('div', { class: 'choice' }, element('span', {}, t('Prompt shows')), this.layer),
    );
  }

  /** Follows the state. */
  show({ view, mode, quantity, grouping, layer }: PanelState): void {
    if (!view) return;
    this.model.textContent = view.model_name;
    this.model.title = `${view.model_path}\n${t('{0} MoE layers × {1} experts, top {2}', view.moe_layers.length, view.num_experts, view.top_k)}`;
    this.run.textContent = view.run_id ?? t('none: base model only');
    this.run.title = view.run_id ?? t('Identify Context-Faithful Experts makes a run.');
    for (const candidate of modes) {
      this.radios[candidate].checked = candidate === mode;
      this.radios[candidate].disabled = !availableModes(view).includes(candidate);
    }
    const offered = availableQuantities(view);
    fill(
      this.quantity,
      quantities.map(each => ({
        value: each,
        text: quantityName(each),
        description: quantityHint(each),
        disabled: !offered.includes(each),
      })),
      quantity,
    );
    fill(
      this.grouping,
      groupings.map(each => ({ value: each, text: groupingNames[each] })),
      grouping,
    );
    const layers = layersOf(view, quantity);
    const means = hasMean(quantity, mode) ? [{ value: mean, text: t('mean of layers') }] : [];
    const fallback = means.length > 0 ? mean : String(layers[layers.length - 1]);
    fill(
      this.layer,
      [...means, ...layers.map(each => ({ value: String(each), text: t('layer {0}', each) }))],
      layer === undefined ? fallback : String(layer),
    );
  }
}

function radio(mode: Mode, choose: (mode: Mode) => void): HTMLInputElement {
  const input = element('input', { type: 'radio', name: 'mode', value: mode });
  input.addEventListener('change', () => choose(mode));
  return input;
}

function fill(
  select: VscodeSingleSelect,
  options: readonly { value: string; text: string; description?: string; disabled?: boolean }[],
  chosen: string,
): void {
  select.options = options.map(({ value, text, description = '', disabled = false }) => ({
    value,
    label: text,
    description,
    selected: value === chosen,
    disabled,
  }));
  select.value = chosen;
}
