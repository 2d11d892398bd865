/** @file The toolbar: what is shown, of which routers, and what colours it. */
import './toolbar.css';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';

import type { VscodeSingleSelect } from '@vscode-elements/elements/dist/vscode-single-select/index.js';

import { element } from '../shared/dom';
import {
  availableModes,
  availableQuantities,
  hasMean,
  layersOf,
  type Mode,
  modes,
  quantities,
  type Quantity,
  quantityNames,
} from './quantities';
import type { PanelState } from './state';

export interface ToolbarEvents {
  mode: (mode: Mode) => void;
  quantity: (quantity: Quantity) => void;
  layer: (layer: number | undefined) => void;
}

const modeNames: Record<Mode, string> = { base: 'Base', tuned: 'Tuned', difference: 'Difference' };
const modeHints: Record<Mode, string> = {
  base: 'Routing of the model as it is on disk',
  tuned: 'Routing of the router-tuned model',
  difference: 'Router-tuned minus base',
};
const mean = 'mean';

export class Toolbar {
  readonly root: HTMLElement;
  private readonly model = element('output');
  private readonly run = element('output');
  private readonly radios: Record<Mode, HTMLInputElement>;
  private readonly quantity = element('vscode-single-select', { 'aria-label': 'Colour by' });
  private readonly layer = element('vscode-single-select', { 'aria-label': 'Prompt shows' });

  constructor(events: ToolbarEvents) {
    this.radios = {
      base: radio('base', events.mode),
      tuned: radio('tuned', events.mode),
      difference: radio('difference', events.mode),
    };
    const segments = modes.map(mode =>
      element('label', { title: modeHints[mode] }, this.radios[mode], element('span', {}, modeNames[mode])),
    );
    const caption = element('legend', { class: 'visually-hidden' }, 'Routers');
    this.quantity.addEventListener('change', () => {
      const chosen = quantities.find(quantity => quantity === this.quantity.value);
      if (chosen) events.quantity(chosen);
    });
    this.layer.addEventListener('change', () =>
      events.layer(this.layer.value === mean ? undefined : Number(this.layer.value)),
    );
    this.root = element(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'What is shown' },
      element('span', { class: 'fact' }, element('span', {}, 'Model'), this.model),
      element('span', { class: 'fact' }, element('span', {}, 'Run'), this.run),
      element('fieldset', { class: 'segments' }, caption, ...segments),
      element('div', { class: 'choice' }, element('span', {}, 'Colour by'), this.quantity),
      element('div', { class: 'choice' }, element('span', {}, 'Prompt shows'), this.layer),
    );
  }

  /** Follows the state. */
  show({ view, mode, quantity, layer }: PanelState): void {
    if (!view) return;
    this.model.textContent = view.model_name;
    this.model.title = `${view.model_path}\n${view.moe_layers.length} MoE layers × ${view.num_experts} experts, top ${view.top_k}`;
    this.run.textContent = view.run_id ?? 'none: base model only';
    this.run.title = view.run_id ?? 'Identify Context-Faithful Experts makes a run.';
    for (const candidate of modes) {
      this.radios[candidate].checked = candidate === mode;
      this.radios[candidate].disabled = !availableModes(view).includes(candidate);
    }
    const offered = availableQuantities(view);
    fill(
      this.quantity,
      quantities.map(each => ({ value: each, text: quantityNames[each], disabled: !offered.includes(each) })),
      quantity,
    );
    const layers = layersOf(view, quantity);
    const means = hasMean(quantity, mode) ? [{ value: mean, text: 'mean of layers' }] : [];
    const fallback = means.length > 0 ? mean : String(layers[layers.length - 1]);
    fill(
      this.layer,
      [...means, ...layers.map(each => ({ value: String(each), text: `layer ${each}` }))],
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
  options: readonly { value: string; text: string; disabled?: boolean }[],
  chosen: string,
): void {
  select.options = options.map(({ value, text, disabled = false }) => ({
    value,
    label: text,
    description: '',
    selected: value === chosen,
    disabled,
  }));
  select.value = chosen;
}
