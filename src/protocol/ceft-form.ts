/** @file The form of the CEFT view: what was typed, what is wrong with it, the request that it stands for. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import { FinetuneRequestSchema } from './finetune';
import { finetuneMethods, ParametrisationSchema } from './finetune-methods';
import { TrainingSettingsSchema, TuningRequestSchema } from './jobs';

/** As typed: a number that is not finished is text, too. */
const typed = v.optional(v.string(), '');

/** Names are those of the requests; `dataset` is the training file of one of the workspace. */
export const CeftFormSchema = v.object({
  method: v.optional(v.picklist(finetuneMethods), 'ceft'),
  /** Folder of the run that identified the experts. */
  experts: typed,
  /** Empty: as many as the run lists. */
  k: typed,
  dataset: typed,
  parametrisation: ParametrisationSchema,
  lora_r: v.optional(v.string(), '8'),
  lora_alpha: v.optional(v.string(), '32'),
  lora_dropout: v.optional(v.string(), '0.1'),
  epochs: v.optional(v.string(), '3'),
  lr: v.optional(v.string(), '0.0005'),
  batch_size: v.optional(v.string(), '8'),
  max_seq_length: v.optional(v.string(), '300'),
  seed: v.optional(v.string(), '0'),
  select: v.optional(v.picklist(['loss', 'em']), 'loss'),
  /** Whether the answers to the dev set are scored as training goes; `devAnswers` says when that is not for choice. */
  dev_answers: v.optional(v.boolean(), true),
  /** Empty: training goes on. */
  patience: typed,
  save_dtype: v.optional(v.picklist(['f32', 'bf16']), 'f32'),
  /** Empty: all samples. */
  limit_train: typed,
  limit_dev: typed,
  limit_test: typed,
});
export type CeftForm = v.InferOutput<typeof CeftFormSchema>;
export type CeftField = keyof CeftForm;
/** Fields that are typed or chosen from a list. */
export type TextField = Exclude<CeftField, 'dev_answers'>;

/** What the workspace offers to choose from. */
export const CeftChoicesSchema = v.object({
  /** The chosen checkpoint. */
  model: v.optional(v.object({ path: v.string(), name: v.string() })),
  /** Runs that identified the experts of that checkpoint, newest first. `k`: experts that they list for each layer. */
  runs: v.array(v.object({ folder: v.string(), label: v.string(), k: v.number(), experts: v.number() })),
  datasets: v.array(
    v.object({
      name: v.string(),
      train: v.string(),
      dev: v.optional(v.string()),
      test: v.optional(v.string()),
    }),
  ),
});
export type CeftChoices = v.InferOutput<typeof CeftChoicesSchema>;

/** What is sent to the engine, but for the folder that is made when it starts. */
export type CeftRequest = Omit<v.InferInput<typeof FinetuneRequestSchema>, 'out' | 'resume' | 'engine'>;

export interface CheckedForm {
  /** Field → why its value cannot be used. */
  problems: Partial<Record<CeftField | 'model', string>>;
  /** Without problems only. */
  request?: CeftRequest;
}

const training = TrainingSettingsSchema.entries;
const numbers = {
  k: FinetuneRequestSchema.entries.k,
  lora_r: training.lora_r,
  lora_alpha: training.lora_alpha,
  lora_dropout: training.lora_dropout,
  epochs: training.epochs,
  lr: training.lr,
  batch_size: training.batch_size,
  max_seq_length: training.max_seq_length,
  seed: training.seed,
  patience: training.patience,
  limit_train: TuningRequestSchema.entries.limit_train,
  limit_dev: TuningRequestSchema.entries.limit_dev,
  limit_test: TuningRequestSchema.entries.limit_test,
} as const;
export type NumberField = keyof typeof numbers;
export const numberFields = Object.keys(numbers) as NumberField[];

/** Fields that may stay empty. */
const optionalNumbers: readonly NumberField[] = ['k', 'patience', 'limit_train', 'limit_dev', 'limit_test'];

/** Which fields mean something, given the others: the rest is neither shown nor sent. */
export function usedFields({ method, parametrisation }: CeftForm): (field: CeftField) => boolean {
  const listed = method === 'ceft' || method === 'esft';
  const lora = parametrisation === 'lora';
  const unused: CeftField[] = [
    ...(listed ? [] : (['experts'] as const)),
    ...(listed || method === 'random' ? [] : (['k'] as const)),
    ...(lora ? (['save_dtype'] as const) : (['lora_r', 'lora_alpha', 'lora_dropout'] as const)),
  ];
  return field => !unused.includes(field);
}

/** Whether the dev set is answered at each evaluation, and why where other fields settle it. */
export function devAnswers(
  { dev_answers, select, dataset: train }: CeftForm,
  { datasets }: CeftChoices,
): { scored: boolean; because?: string } {
  const dataset = datasets.find(each => each.train === train);
  if (dataset && dataset.dev === undefined)
    return { scored: false, because: t('This dataset has no dev set.') };
  if (select === 'em') return { scored: true, because: t('Needed: the best is chosen by them.') };
  return { scored: dev_answers };
}

/** Checks every field against the limits of the requests, and fields against each other. */
export function checkForm(form: CeftForm, choices: CeftChoices): CheckedForm {
  const problems: CheckedForm['problems'] = {};
  const used = usedFields(form);
  const values: Partial<Record<NumberField, number>> = {};
  for (const field of numberFields.filter(used)) {
    const checked = checkNumber(field, form[field]);
    if (typeof checked === 'string') problems[field] = checked;
    else if (checked !== undefined) values[field] = checked;
  }
  const { model } = choices;
  if (!model) problems.model = t('Choose a checkpoint.');
  const run = choices.runs.find(({ folder }) => folder === form.experts);
  if (used('experts') && !run)
    problems.experts =
      choices.runs.length > 0
        ? t('Choose the run that identified the experts.')
        : t('Identify the experts of this checkpoint first.');
  const most = run?.experts ?? choices.runs.at(0)?.experts;
  if (most !== undefined && values.k !== undefined && values.k > most)
    problems.k = t('At most {0}: a layer has no more experts.', most);
  const dataset = choices.datasets.find(({ train }) => train === form.dataset);
  if (!dataset) problems.dataset = t('Choose a dataset.');
  else if (dataset.dev === undefined) {
    if (form.select === 'em') problems.select = t('This dataset has no dev set to answer: select by loss.');
    if (values.patience !== undefined) problems.patience = t('This dataset has no dev set: leave it empty.');
  }
  if (!model || !dataset || Object.keys(problems).length > 0) return { problems };
  const { dev, test, train } = dataset;
  return { problems, request: requestOf(form, values, { model: model.path, train, dev, test }, choices) };
}

function requestOf(
  form: CeftForm,
  { k, limit_train, limit_dev, limit_test, ...settings }: Partial<Record<NumberField, number>>,
  files: { model: string; train: string; dev?: string; test?: string },
  choices: CeftChoices,
): CeftRequest {
  const { method, parametrisation, select } = form;
  const used = usedFields(form);
  return {
    ...files,
    ...{ method, k, limit_train, limit_dev, limit_test },
    ...(used('experts') ? { experts: `${form.experts}/context-dependence.json` } : {}),
    ...(used('save_dtype') ? { save_dtype: form.save_dtype } : {}),
    training: { ...settings, parametrisation, select, dev_answers: devAnswers(form, choices).scored },
  };
}

/** @returns the number, nothing if the field is empty and may be, or what is wrong */
function checkNumber(field: NumberField, text: string): number | undefined | string {
  const trimmed = text.trim();
  if (trimmed === '') return optionalNumbers.includes(field) ? undefined : t('A number is needed.');
  const value = Number(trimmed);
  if (Number.isNaN(value)) return t('“{0}” is not a number.', trimmed);
  const parsed = v.safeParse(numbers[field], value);
  return parsed.success ? value : limitText(parsed.issues[0]);
}

function limitText(issue: v.BaseIssue<unknown>): string {
  const limit = String(issue.requirement);
  switch (issue.type) {
    case 'integer':
      return t('A whole number is needed.');
    case 'min_value':
      return t('At least {0}.', limit);
    case 'gt_value':
      return t('More than {0}.', limit);
    case 'max_value':
      return t('At most {0}.', limit);
    case 'lt_value':
      return t('Less than {0}.', limit);
    default:
      return issue.message;
  }
}
