/** @file A model that is open for short requests, with its tokenizer and with what a run made of it. */
import type { Model } from '../model/model';
import type { ContextDependence } from '../protocol/artifacts';
import type { EngineSettings, JobHooks } from '../protocol/jobs';
import { LazyTokenizer } from './dataset';
import { openModel } from './open-model';
import { RunFolder } from './run-folder';
import { tunedVariant } from './variant';

/** What says which model a request is about. */
export interface ModelRequest {
  readonly model: string;
  readonly run?: string | undefined;
  readonly engine: EngineSettings;
}

export interface OpenedModel {
  /** The checkpoint as it is. */
  readonly model: Model;
  /** With the weights of the run, if the request names one. */
  readonly tuned?: Model;
  readonly tokenizer: LazyTokenizer;
  /** Of the run, if it has any. */
  readonly statistics?: ContextDependence;
}

/** Opens the model of a request, or has it open already, for the time of `work`. */
export type UseModel = <T>(
  request: ModelRequest,
  hooks: JobHooks,
  work: (opened: OpenedModel) => Promise<T>,
) => Promise<T>;

/** @throws InputError if there is no such checkpoint or run, or they do not belong together */
export async function openForRequest(
  { model: folder, run, engine }: ModelRequest,
  hooks: JobHooks,
): Promise<OpenedModel> {
  const model = await openModel(folder, engine, hooks);
  const tokenizer = new LazyTokenizer(model.checkpoint);
  if (run === undefined) return { model, tokenizer };
  const statistics = RunFolder.open(run).statistics();
  const tuned = tunedVariant(run, model).model;
  return { model, tuned, tokenizer, ...(statistics ? { statistics } : {}) };
}

/** Opens the model and frees it afterwards. */
export const withOpenedModel: UseModel = async (request, hooks, work) => {
  const opened = await openForRequest(request, hooks);
  try {
    return await work(opened);
  } finally {
    await opened.model.release();
  }
};
