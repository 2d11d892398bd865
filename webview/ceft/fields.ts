/** @file Fields of a form: a label, a control, and below it why the value cannot be used. */
import '@vscode-elements/elements/dist/vscode-checkbox/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';

import { element } from '../shared/dom';

export interface Field {
  readonly root: HTMLElement;
  value: string;
  /** @param text why the value cannot be used; nothing: it can */
  tell(text: string | undefined): void;
}

interface FieldOptions {
  name: string;
  label: string;
  /** What it means, its unit and limits. */
  hint: string;
  changed: () => void;
}

/** A label above, a place for a message below. */
function framed(
  control: HTMLElement,
  { name, label }: FieldOptions,
): { root: HTMLElement; message: HTMLElement } {
  const message = element('span', { class: 'problem', id: `${name}-problem`, hidden: true });
  const caption = element('span', { class: 'caption', 'aria-hidden': 'true' }, label);
  // A click on the caption goes to the control, as that on a <label> does.
  caption.addEventListener('click', () => control.focus());
  return { root: element('div', { class: 'field', 'data-field': name }, caption, control, message), message };
}

/** A number, as it is typed. Empty may mean something: `placeholder` says what. */
export function numberField(options: FieldOptions & { placeholder?: string }): Field {
  const control = element('vscode-textfield', { title: options.hint, name: options.name });
  control.label = options.label;
  if (options.placeholder !== undefined) control.placeholder = options.placeholder;
  control.addEventListener('input', options.changed);
  const { root, message } = framed(control, options);
  return {
    root,
    get value() {
      return control.value;
    },
    set value(text) {
      if (control.value !== text) control.value = text;
    },
    tell: text => {
      message.hidden = text === undefined;
      message.textContent = text ?? '';
      control.invalid = text !== undefined;
      // The input is inside of the component, where ids of this page mean nothing.
      void control.updateComplete.then(() => {
        const input = control.wrappedElement;
        input.inputMode = 'decimal';
        input.setAttribute('aria-invalid', String(text !== undefined));
        input.setAttribute('aria-description', text ?? options.hint);
      });
    },
  };
}

export interface Choice {
  value: string;
  text: string;
}

export interface SelectField extends Field {
  /** What can be chosen; the value stays if it is among them. */
  offer(choices: readonly Choice[]): void;
}

export function selectField(options: FieldOptions, choices: readonly Choice[] = []): SelectField {
  const control = element('vscode-single-select', { title: options.hint });
  control.label = options.label;
  let wanted = '';
  control.addEventListener('change', () => {
    wanted = control.value;
    options.changed();
  });
  const { root, message } = framed(control, options);
  const offer = (offered: readonly Choice[]): void => {
    const known = control.options.map(({ value, label }) => `${value}\n${label}`).join('\n');
    if (known === offered.map(({ value, text }) => `${value}\n${text}`).join('\n')) return;
    control.options = offered.map(({ value, text }) => ({
      ...{ value, label: text, description: '', disabled: false },
      selected: value === wanted,
    }));
    control.value = wanted;
  };
  offer(choices);
  return {
    root,
    offer,
    get value() {
      return control.options.length > 0 ? control.value : wanted;
    },
    set value(text) {
      wanted = text;
      if (control.value !== text) control.value = text;
    },
    tell: text => {
      message.hidden = text === undefined;
      message.textContent = text ?? '';
      control.invalid = text !== undefined;
      control.setAttribute('aria-invalid', String(text !== undefined));
    },
  };
}

export interface CheckField {
  readonly root: HTMLElement;
  /** What the user wants. */
  value: boolean;
  /** What is the case where that is not for choice, and why; nothing: the user chooses. */
  settle(settled: { value: boolean; because: string } | undefined): void;
}

/** A choice of yes and no; what it means stands below it. */
export function checkField({ name, label, hint, changed }: FieldOptions): CheckField {
  const control = element('vscode-checkbox', { name });
  control.label = label;
  let wanted = false;
  control.addEventListener('change', () => {
    wanted = control.checked;
    changed();
  });
  const note = element('p', { class: 'note' }, hint);
  return {
    root: element('div', { class: 'field', 'data-field': name }, control, note),
    get value() {
      return wanted;
    },
    set value(checked) {
      wanted = checked;
      control.checked = checked;
    },
    settle: settled => {
      control.disabled = settled !== undefined;
      control.checked = settled?.value ?? wanted;
      const text = settled?.because ?? hint;
      note.textContent = text;
      // The input is inside of the component, where ids of this page mean nothing.
      void control.updateComplete.then(() =>
        control.shadowRoot?.querySelector('input')?.setAttribute('aria-description', text),
      );
    },
  };
}
