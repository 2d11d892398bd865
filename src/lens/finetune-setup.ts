/** @file What fine-tuning starts from: which weights train, its phases, what it will take. */
import path from 'node:path';

import { collectGarbage } from '../common/collect-garbage';
import { InputError } from '../common/errors';
import { type Architecture, expertCounts } from '../model/architecture';
import type { Workload } from '../model/memory-estimate';
import type { Model } from '../model/model';
import { bytesOfSize, type TunedSize } from '../model/tuned-weights';
import { type ContextDependence, type ExpertList, runFiles, type RunRecord } from '../protocol/artifacts';
import type { FinetuneRequest } from '../protocol/finetune';
import type { TrainingSettings } from '../protocol/jobs';
import { arraysInTraining } from '../train/parameters';
import { allNames, expertNames, parametersFor, routerNames, trainableSize } from '../train/trainable-names';
import { topExperts } from './context-dependence';
import { checkListLength, randomExperts, readExpertFile, readStatistics } from './expert-list';
import type { Phase } from './job-progress';
import { answerSeconds, answerWork, trainingSeconds, trainingWork } from './tuning-estimate';
import type { TuningInputs } from './tuning-run';

export const phases = {
  baseAnswers: 'Answers before tuning',
  tuning: 'Fine-tuning',
  tunedAnswers: 'Answers after tuning',
} as const;

export interface FinetunePlan {
  /** Canonical names of the weights that train, or to whose matrices low-rank additions are made. */
  readonly names: readonly string[];
  /** How much trains. */
  readonly size: TunedSize;
  /** The experts that train, if only some do. */
  readonly experts?: ExpertList;
  /** The statistics that the experts were chosen by. */
  readonly statistics?: ContextDependence;
}

/**
 * @param before the record of the run that is gone on with: its experts train, whatever has become of their file
 * @throws InputError if settings do not fit each other or the model
 */
export function planFinetune(
  request: FinetuneRequest,
  architecture: Architecture,
  before?: RunRecord,
): FinetunePlan {
  const { parametrisation } = request.training;
  if (parametrisation === 'lora' && request.save_dtype !== 'f32')
    throw new InputError('--save-dtype bf16: low-rank additions are saved in float32. Leave the option out.');
  const chosen = before?.experts ? { experts: before.experts } : chooseExperts(request, architecture);
  const names = trainedNames(request, architecture, chosen.experts);
  return { names, size: trainableSize(architecture, names, request.training), ...chosen };
}

function trainedNames(
  { method, training }: FinetuneRequest,
  architecture: Architecture,
  experts: ExpertList = {},
): string[] {
  switch (method) {
    case 'fft':
      return allNames(architecture);
    case 'rt':
      return routerNames(architecture, { bias: training.train_router_bias });
    case 'ceft':
    case 'esft':
    case 'random':
      return expertNames(architecture, experts);
  }
}

function chooseExperts(
  { method, experts: file, k, training }: FinetuneRequest,
  architecture: Architecture,
): Pick<FinetunePlan, 'experts' | 'statistics'> {
  const listed = method === 'ceft' || method === 'esft';
  if (!listed && file !== undefined)
    throw new InputError(`--experts: ${method} takes no list. Leave the option out, or choose ceft or esft.`);
  if (!listed && method !== 'random' && k !== undefined)
    throw new InputError(`--k: ${method} trains no list of experts. Leave the option out.`);
  checkListLength(k, architecture);
  if (method === 'random')
    return { experts: randomExperts(architecture, k ?? expertCounts(architecture).topK, training.seed) };
  return listed ? listedExperts(method, file, k, architecture) : {};
}

function listedExperts(
  method: 'ceft' | 'esft',
  file: string | undefined,
  k: number | undefined,
  architecture: Architecture,
): Pick<FinetunePlan, 'experts' | 'statistics'> {
  if (file === undefined) {
    const source = `the context-dependence.json of a run${method === 'ceft' ? ', or a list of experts' : ''}`;
    throw new InputError(`--experts: is missing; ${method} trains listed experts. Give ${source}.`);
  }
  if (method === 'esft') return chosenBy(readStatistics(file, architecture), method, k);
  const content = readExpertFile(file, architecture);
  if (!('experts' in content)) return chosenBy(content, method, k);
  if (k !== undefined) throw new InputError(`--k: ${file} lists the experts itself. Leave the option out.`);
  if (Object.values(content.experts).every(({ length }) => length === 0))
    throw new InputError(`${file}: lists no experts, so nothing would train. List at least one.`);
  return content;
}

function chosenBy(
  content: ContextDependence,
  method: 'ceft' | 'esft',
  k: number | undefined,
): Pick<FinetunePlan, 'experts' | 'statistics'> {
  const statistics = k === undefined ? content : withListLength(content, k);
  return { experts: method === 'ceft' ? statistics.ce : statistics.oe, statistics };
}

function withListLength(content: ContextDependence, k: number): ContextDependence {
  const { tuned, base } = content.ratio;
  return { ...content, k, ce: topExperts(tuned, k), oe: topExperts(base, k) };
}

/** Settings for the record, beside those of all jobs that train. */
export function finetuneSettings({
  method,
  experts,
  k,
  save_dtype,
}: FinetuneRequest): Record<string, unknown> {
  return { method, experts: experts === undefined ? undefined : path.resolve(experts), k, save_dtype };
}

/** The file or folder, in the run folder, that what was trained is saved to. */
export function tunedFile({ method, training }: FinetuneRequest): string {
  if (training.parametrisation === 'lora') return runFiles.adapter;
  if (method === 'rt') return runFiles.routers;
  return method === 'fft' ? runFiles.weights : runFiles.experts;
}

/** Bytes of what trains and of all that is kept beside it. */
export function trainingBytes({ size }: FinetunePlan, training: TrainingSettings): number {
  return bytesOfSize(size, arraysInTraining(training));
}

/** The largest pieces of the job. */
export function finetuneWork(
  { data, request }: TuningInputs<FinetuneRequest>,
  plan: FinetunePlan,
): Workload[] {
  return [
    ...trainingWork(data, request.training, trainingBytes(plan, request.training)),
    ...(data.test ? [answerWork(data.test.samples, bytesOfSize(plan.size))] : []),
  ];
}

/** The phases, with their seconds as work. */
export async function estimatedPhases(
  inputs: TuningInputs<FinetuneRequest>,
  { names }: FinetunePlan,
): Promise<Phase[]> {
  const { model, data, request } = inputs;
  const answers = await answerSeconds(inputs, model, data.test?.samples ?? []);
  const tuning = await trainingSeconds(inputs, () =>
    parametersFor(model.checkpoint, names, request.training),
  );
  await freeAll(model);
  // Each phase makes its sessions anew.
  return [
    { name: phases.baseAnswers, work: answers.start + answers.work },
    { name: phases.tuning, work: tuning.start + tuning.work },
    { name: phases.tunedAnswers, work: answers.start + answers.work },
  ];
}

/** Sessions and tuned weights of one phase are of no use to the next, which trains or answers with others. */
export async function freeAll(model: Model): Promise<void> {
  await model.release();
  collectGarbage();
}
