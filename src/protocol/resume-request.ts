/** @file The request that goes on with an interrupted run, made of its record. */
import * as v from 'valibot';

import type { RunRecord } from './artifacts';

/**
 * @param schema of the job's request
 * @param folder of the run
 * @param model checkpoint folder, which may have moved since
 * @returns nothing if the record lacks settings
 */
export function requestToResume<S extends v.GenericSchema>(
  schema: S,
  record: RunRecord,
  folder: string,
  model: string,
): v.InferOutput<S> | undefined {
  const file = (split: string): string | undefined =>
    record.datasets.find(dataset => dataset.split === split)?.path;
  // What `auto` chose then: another provider would not give the same weights, bit by bit.
  const { execution_provider } = record.engine;
  const parsed = v.safeParse(schema, {
    ...record.settings,
    ...{ model, train: file('train'), dev: file('dev'), test: file('test') },
    training: record.settings,
    engine: { ...record.settings, execution_provider },
    out: folder,
    resume: true,
  });
  return parsed.success ? parsed.output : undefined;
}
