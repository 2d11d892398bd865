/** @file The form: what is trained, on what, and how. */
import '@vscode-elements/elements/dist/vscode-collapsible/index.js';

import { t } from '@vscode/l10n';

import {
  type CeftChoices,
  type CeftForm,
  type CheckedForm,
  checkForm,
  devAnswers,
  type TextField,
  usedFields,
} from '../../src/protocol/ceft-form';
import type { CeftAction } from '../../src/protocol/ceft-messages';
import { finetuneMethods } from '../../src/protocol/finetune-methods';
import { element } from '../shared/dom';
import {
  type CheckField,
  checkField,
  type Field,
  numberField,
  type SelectField,
  selectField,
} from './fields';
import { methodText } from './method-text';

export interface FormEvents {
  change: (form: CeftForm) => void;
  act: (action: CeftAction) => void;
}

type NumberOptions = [field: TextField, label: string, hint: string, placeholder?: string];

export class Form {
  readonly root = element('form', { 'aria-label': t('Fine-tuning') });
  private readonly model = element('output', { class: 'model' });
  private readonly modelProblem = element('span', { class: 'problem', hidden: true });
  private readonly methodNote = element('p', { class: 'note' });
  private readonly more = element('vscode-collapsible', { heading: t('More') });
  private readonly experts: SelectField;
  private readonly dataset: SelectField;
  private readonly fields: Record<TextField, Field>;
  private readonly devAnswers: CheckField;

  constructor(private readonly events: FormEvents) {
    const changed = (): void => events.change(this.values());
    const number = (...[name, label, hint, placeholder]: NumberOptions): Field =>
      numberField({ name, label, hint, placeholder, changed });
    const select = (
      name: TextField,
      label: string,
      hint: string,
      values: Record<string, string> = {},
    ): SelectField =>
      selectField(
        { name, label, hint, changed },
        Object.entries(values).map(([value, text]) => ({ value, text })),
      );
    this.experts = select('experts', t('Experts of run'), t('The run that identified the experts'));
    this.dataset = select('dataset', t('Dataset'), t('Samples with context, question and answer'));
    const methods = Object.fromEntries(finetuneMethods.map(method => [method, methodText(method).name]));
    this.fields = {
      method: select('method', t('Method'), t('What trains'), methods),
      experts: this.experts,
      k: number('k', t('Experts k'), t('Experts of each layer that train'), t('as listed')),
      dataset: this.dataset,
      parametrisation: select('parametrisation', t('Weights'), t('What of the matrices is trained'), {
        full: t('full'),
        lora: t('LoRA'),
      }),
      lora_r: number('lora_r', t('LoRA rank r'), t('Rank of the low-rank additions')),
      lora_alpha: number('lora_alpha', t('LoRA α'), t('Additions are scaled by α / r')),
      lora_dropout: number(
        'lora_dropout',
        t('LoRA dropout'),
        t('Share of inputs that is dropped, 0 to below 1'),
      ),
      epochs: number('epochs', t('Epochs'), t('How often training goes through the samples')),
      lr: number('lr', t('Learning rate'), t('At its peak; AdamW with a cosine schedule')),
      batch_size: number('batch_size', t('Batch size'), t('Samples in a step')),
      max_seq_length: number(
        'max_seq_length',
        t('Sequence length'),
        t('Tokens at most; longer samples are left out'),
      ),
      seed: number('seed', t('Seed'), t('Of everything random')),
      select: select('select', t('Best by'), t('Which evaluation on the dev set is the best'), {
        loss: t('dev loss'),
        em: t('dev exact match'),
      }),
      patience: number(
        'patience',
        t('Patience'),
        t('Evaluations without a new best before it ends'),
        t('none'),
      ),
      save_dtype: select('save_dtype', t('Saved as'), t('Type of the saved weights'), {
        f32: 'float32',
        bf16: 'bfloat16',
      }),
      limit_train: number('limit_train', t('Train samples'), t('At most, chosen by the seed'), t('all')),
      limit_dev: number('limit_dev', t('Dev samples'), t('At most, chosen by the seed'), t('all')),
      limit_test: number('limit_test', t('Test samples'), t('At most, chosen by the seed'), t('all')),
    };
    this.devAnswers = checkField({
      name: 'dev_answers',
      label: t('Dev answers (EM, F1) as it trains'),
      hint: t(
        'At each evaluation, ten in all, every dev sample is answered. The estimate includes the time.',
      ),
      changed,
    });
    this.root.addEventListener('submit', event => event.preventDefault());
    this.build();
  }

  values(): CeftForm {
    const entries = Object.entries(this.fields).map(([name, field]) => [name, field.value]);
    return {
      ...(Object.fromEntries(entries) as Omit<CeftForm, 'dev_answers'>),
      dev_answers: this.devAnswers.value,
    };
  }

  fill(form: CeftForm): void {
    for (const [name, field] of Object.entries(this.fields)) field.value = form[name as TextField];
    this.devAnswers.value = form.dev_answers;
  }

  offer({ model, runs, datasets }: CeftChoices): void {
    this.model.textContent = model?.name ?? t('none chosen');
    this.model.title = model?.path ?? '';
    this.experts.offer(runs.map(({ folder, label, k }) => ({ value: folder, text: `${label} (k = ${k})` })));
    this.dataset.offer(
      datasets.map(({ name, train, dev, test }) => {
        const splits = [
          'train',
          ...(dev === undefined ? [] : ['dev']),
          ...(test === undefined ? [] : ['test']),
        ];
        return { value: train, text: `${name} (${splits.join(', ')})` };
      }),
    );
  }

  /** Tells each field what is wrong with it, and shows those that mean something. */
  check(choices: CeftChoices): CheckedForm {
    const form = this.values();
    const checked = checkForm(form, choices);
    const used = usedFields(form);
    for (const [name, field] of Object.entries(this.fields) as [TextField, Field][]) {
      field.root.hidden = !used(name);
      field.tell(checked.problems[name]);
    }
    const { scored, because } = devAnswers(form, choices);
    this.devAnswers.settle(because === undefined ? undefined : { value: scored, because });
    // What keeps the job from starting is in sight.
    if (this.more.querySelector('.problem:not([hidden])')) this.more.open = true;
    this.modelProblem.hidden = checked.problems.model === undefined;
    this.modelProblem.textContent = checked.problems.model ?? '';
    this.methodNote.textContent = methodText(form.method).note;
    return checked;
  }

  private build(): void {
    const row = (...names: TextField[]): HTMLElement =>
      element('div', { class: 'row' }, ...names.map(name => this.fields[name].root));
    const change = element('button', { type: 'button', class: 'link' }, t('Change…'));
    change.addEventListener('click', () => this.events.act('select-model'));
    this.more.append(
      element(
        'div',
        { class: 'more' },
        row('limit_train', 'limit_dev', 'limit_test'),
        row('seed', 'save_dtype'),
        row('select', 'patience'),
        this.devAnswers.root,
      ),
    );
    this.root.append(
      element(
        'div',
        { class: 'field' },
        element('span', { class: 'caption' }, t('Checkpoint')),
        element('span', { class: 'model-row' }, this.model, change),
        this.modelProblem,
      ),
      ...[this.fields.method.root, this.methodNote, this.experts.root],
      row('k', 'parametrisation'),
      row('lora_r', 'lora_alpha', 'lora_dropout'),
      this.dataset.root,
      row('epochs', 'lr'),
      row('batch_size', 'max_seq_length'),
      this.more,
    );
  }
}
