/** @file Fine-tuning: context-faithful experts, or what they are compared with (METHOD step 3). */
import { Checkpoint } from '../model/checkpoint/checkpoint';
import { writeAdapter } from '../model/tuned-files/adapter-folder';
import { writeTunedWeights } from '../model/tuned-files/weights-file';
import type { RunRecord } from '../protocol/artifacts';
import type { FinetuneRequest, FinetuneResult } from '../protocol/finetune';
import type { JobHooks } from '../protocol/jobs';
import { fineTune, type FineTuningOutcome } from '../train/fine-tuning';
import type { TrainableParameters } from '../train/parameters';
import { parametersFor } from '../train/trainable-names';
import {
  estimatedPhases,
  type FinetunePlan,
  finetuneSettings,
  finetuneWork,
  freeAll,
  phases,
  planFinetune,
  trainingBytes,
  tunedFile,
} from './finetune-setup';
import { checkMemory, describeEstimate } from './job-estimate';
import { JobProgress } from './job-progress';
import { writeReport } from './report/write-report';
import { RunFolder } from './run-folder';
import { answerPhase, trainingPhase } from './tuning-phases';
import { trainingResults } from './tuning-record';
import { checkSelection, duringRun, now, peakMemory, type TuningRun, withOpenedTuning } from './tuning-run';
import { tunedVariant } from './variant';

type FinetuneRun = TuningRun<FinetuneRequest>;

/**
 * Trains what the method says, from the checkpoint as it is, and writes the run folder.
 * A cancelled or failed job keeps its folder with that status in `run.json`, unless it failed before anything ran.
 * @throws InputError, CancelledError
 */
export async function finetune(request: FinetuneRequest, hooks: JobHooks = {}): Promise<FinetuneResult> {
  const { architecture } = Checkpoint.open(request.model);
  const before = request.resume ? RunFolder.open(request.out).record() : undefined;
  const plan = planFinetune(request, architecture, before);
  const { experts } = plan;
  const own = { job: 'finetune', settings: finetuneSettings(request), ...(experts ? { experts } : {}) };
  const reserved = trainingBytes(plan, request.training);
  return withOpenedTuning(
    request,
    hooks,
    async opened => {
      checkSelection(request, opened.data);
      const memory = checkMemory(opened.model, finetuneWork(opened, plan));
      return duringRun(opened, own, run => runJob(run, plan, memory));
    },
    reserved,
  );
}

/** @param memory bytes that the job will take at the highest */
async function runJob(run: FinetuneRun, plan: FinetunePlan, memory: number): Promise<FinetuneResult> {
  const { request, hooks, model, folder } = run;
  if (plan.statistics) folder.writeContextDependence(plan.statistics);
  const planned = await estimatedPhases(run, plan);
  const estimate = { seconds: planned.reduce((sum, { work }) => sum + work, 0), memory };
  hooks.log?.(describeEstimate(estimate, model.plan.memoryBudget));
  const progress = new JobProgress(planned, hooks);

  const base = run.record.results.base ?? (await answerPhase(run, progress, phases.baseAnswers, model));
  const record: RunRecord = {
    ...run.record,
    timings: { ...run.record.timings, ...progress.timings() },
    results: base ? { base } : {},
  };
  folder.writeRecord(record);
  await freeAll(model);
  const training = await trainAndSave(run, plan, progress);
  await freeAll(model);
  const tuned = await answerPhase(run, progress, phases.tunedAnswers, tunedVariant(folder.path, model).model);

  const finished: RunRecord = {
    ...record,
    status: 'done',
    finished: now(),
    timings: { ...record.timings, ...progress.timings() },
    memory: await peakMemory(run),
    estimate,
    results: { ...trainingResults(training), ...record.results, ...(tuned ? { tuned } : {}) },
  };
  folder.writeRecord(finished);
  return {
    run_folder: folder.path,
    run: finished,
    weights: folder.file(tunedFile(request)),
    report: writeReport(folder.path),
  };
}

/** A function of its own, so that nothing holds the weights when they have been saved. */
async function trainAndSave(
  run: FinetuneRun,
  { names }: FinetunePlan,
  progress: JobProgress,
): Promise<FineTuningOutcome> {
  const { model, request } = run;
  const { training } = request;
  const parameters = parametersFor(model.checkpoint, names, training);
  const outcome = await trainingPhase(run, progress, phases.tuning, (samples, options) =>
    fineTune(model, parameters, samples, training, options),
  );
  save(run, parameters);
  return outcome;
}

function save({ model, folder, request }: FinetuneRun, parameters: TrainableParameters): void {
  const { training, save_dtype } = request;
  const target = folder.file(tunedFile(request));
  if (training.parametrisation === 'full') {
    const dtype = save_dtype === 'bf16' ? 'BF16' : 'F32';
    writeTunedWeights(target, model.checkpoint, parameters.merged(), dtype);
    return;
  }
  const { lora_r: rank, lora_alpha: alpha, lora_dropout: dropout } = training;
  writeAdapter(target, model.checkpoint, parameters.tuned.tensors, { rank, alpha, dropout });
}
