/** @file What a job that trains would take, and why it would be refused, found out without writing anything. */
import { InputError } from '../common/errors';
import type { Architecture } from '../model/architecture';
import { Checkpoint } from '../model/checkpoint/checkpoint';
import type { Workload } from '../model/memory-estimate';
import type { EstimateRequest, EstimateResult } from '../protocol/estimate';
import type { FinetuneRequest } from '../protocol/finetune';
import type { IdentifyRequest, JobHooks } from '../protocol/jobs';
import { routerNames, trainableSize } from '../train/trainable-names';
import { totalSteps } from '../train/training-loop';
import { LazyTokenizer } from './dataset';
import { checkListLength } from './expert-list';
import * as finetuning from './finetune-setup';
import * as identification from './identify-setup';
import { memoryOf } from './job-estimate';
import type { Phase } from './job-progress';
import { openModel } from './open-model';
import { checkSelection, loadData, type TuningInputs } from './tuning-run';

/** What the two jobs do each in its own way. */
interface PlannedJob {
  readonly trainableParameters: number;
  /** What the job keeps in memory beside the model's weights. */
  readonly reservedBytes: number;
  readonly work: (inputs: TuningInputs) => Workload[];
  readonly phases: (inputs: TuningInputs) => Promise<Phase[]>;
}

/** @throws CancelledError; whatever is wrong with the request is told among the problems */
export async function estimate(asked: EstimateRequest, hooks: JobHooks = {}): Promise<EstimateResult> {
  const { request } = asked;
  const found: EstimateResult = {
    ...{ seconds: 0, memory_bytes: 0, trainable_parameters: 0, steps: 0 },
    ...{ samples: { train: 0 }, problems: [] },
  };
  const attempt = attempts(found.problems);
  const checkpoint = attempt(() => Checkpoint.open(request.model));
  if (!checkpoint) return found;
  const job = attempt(() => plannedJob(asked, checkpoint.architecture));
  if (job) found.trainable_parameters = job.trainableParameters;
  const tokenizer = new LazyTokenizer(checkpoint);
  const data = attempt(() => loadData(request, tokenizer));
  if (!data) return found;
  const { train, dev, test } = data;
  found.samples = {
    train: train.samples.length,
    ...(dev ? { dev: dev.samples.length } : {}),
    ...(test ? { test: test.samples.length } : {}),
  };
  found.steps = totalSteps(train.samples.length, request.training);
  attempt(() => checkSelection(request, data));
  if (!job) return found;
  hooks.progress?.({ phase: 'Estimating', fraction: 0, detail: 'a small piece of the work' });
  const model = await openModel(request.model, request.engine, hooks, job.reservedBytes);
  try {
    const inputs = { request, hooks, model, tokenizer, data };
    const memory = memoryOf(model, job.work(inputs));
    found.memory_bytes = memory.bytes;
    if (memory.problem !== undefined) found.problems.push(memory.problem);
    if (found.problems.length > 0) return found;
    found.seconds = (await job.phases(inputs)).reduce((sum, { work }) => sum + work, 0);
    return found;
  } finally {
    await model.release();
  }
}

/** Runs steps one by one; what users would be told of one that fails is added to `problems`. */
function attempts(problems: string[]): <T>(step: () => T) => T | undefined {
  return step => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
}

function plannedJob(asked: EstimateRequest, architecture: Architecture): PlannedJob {
  return asked.job === 'identify'
    ? identifyJob(asked.request, architecture)
    : finetuneJob(asked.request, architecture);
}

function identifyJob(request: IdentifyRequest, architecture: Architecture): PlannedJob {
  checkListLength(request.k, architecture);
  const { training } = request;
  const names = routerNames(architecture, { bias: training.train_router_bias });
  const sampled = ({ data }: TuningInputs) =>
    identification.statisticsSamples(data.train.samples, training.seed);
  return {
    trainableParameters: trainableSize(architecture, names, training).elements,
    reservedBytes: 0,
    work: inputs => identification.identifyWork({ ...inputs, request }, sampled(inputs)),
    phases: inputs => identification.estimatedPhases({ ...inputs, request }, sampled(inputs)),
  };
}

function finetuneJob(request: FinetuneRequest, architecture: Architecture): PlannedJob {
  const plan = finetuning.planFinetune(request, architecture);
  return {
    trainableParameters: plan.size.elements,
    reservedBytes: finetuning.trainingBytes(plan, request.training),
    work: inputs => finetuning.finetuneWork({ ...inputs, request }, plan),
    phases: inputs => finetuning.estimatedPhases({ ...inputs, request }, plan),
  };
}
