/** @file What the CEFT form offers, and what it holds before anybody has typed. */
import path from 'node:path';

import * as v from 'valibot';

import { runFiles } from '../../protocol/artifacts';
import { type CeftChoices, type CeftForm, CeftFormSchema } from '../../protocol/ceft-form';
import type { IdentifyRequestInput } from '../../protocol/jobs';
import type { Dataset } from '../workspace/datasets';
import type { Run } from '../workspace/runs';

export interface Workspace {
  /** The chosen checkpoint folder. */
  model: string | undefined;
  /** Newest first. */
  runs: readonly Run[];
  datasets: readonly Dataset[];
  /** Whether a file is in the folder of a run. */
  has: (folder: string, file: string) => boolean;
}

export function choicesOf({ model, runs, datasets, has }: Workspace): CeftChoices {
  const identified = runs.filter(
    ({ folder, record: { status, job, model: of } }) =>
      status === 'done' &&
      job === 'identify' &&
      model !== undefined &&
      path.resolve(of.path) === path.resolve(model) &&
      has(folder, runFiles.contextDependence),
  );
  return {
    ...(model === undefined ? {} : { model: { path: model, name: path.basename(model) } }),
    runs: identified.map(({ folder, id, record }) => ({
      ...{ folder, label: id, experts: record.model.num_experts },
      k: typeof record.settings.k === 'number' ? record.settings.k : record.model.top_k,
    })),
    datasets: datasets.map(({ name, train, dev, test }) => ({ name, train, dev, test })),
  };
}

/** @param settings what the user has set for router tuning */
export function initialForm({
  training = {},
  limit_train,
  limit_dev,
  limit_test,
}: Pick<IdentifyRequestInput, 'training' | 'limit_train' | 'limit_dev' | 'limit_test'>): CeftForm {
  const { parametrisation, epochs, lr, batch_size, max_seq_length, seed } = training;
  const set = { epochs, lr, batch_size, max_seq_length, seed, limit_train, limit_dev, limit_test };
  const texts = Object.entries(set).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return v.parse(CeftFormSchema, { parametrisation, ...Object.fromEntries(texts) });
}

/** What was chosen and is gone, or was never chosen, becomes the likeliest choice. */
export function withLikelyChoices(
  form: CeftForm,
  choices: CeftChoices,
  chosen: Dataset | undefined,
): CeftForm {
  const run = choices.runs.find(({ folder }) => folder === form.experts) ?? choices.runs.at(0);
  const dataset =
    choices.datasets.find(({ train }) => train === form.dataset) ??
    choices.datasets.find(({ train }) => train === chosen?.train) ??
    choices.datasets.find(({ dev }) => dev !== undefined);
  return { ...form, experts: run?.folder ?? '', dataset: dataset?.train ?? '' };
}
