/** @file The main job: tune the routers, then see which experts the tuned routers choose (METHOD steps 1 and 2). */
import { expertCounts } from '../model/architecture';
import type { Routers } from '../model/pass-options';
import { writeTunedWeights } from '../model/tuned-files/weights-file';
import { type ContextDependence, runFiles, type RunRecord, SCHEMA_VERSION } from '../protocol/artifacts';
import type { IdentifyRequest, IdentifyResult, JobHooks } from '../protocol/jobs';
import { tuneRouters } from '../train/router-tuning';
import { activationStatistics } from './activation-statistics';
import { type ActivationStatistics, topExperts } from './context-dependence';
import type { LoadedSample } from './dataset';
import { checkListLength } from './expert-list';
import { estimatedPhases, identifyWork, phases, statisticsSamples } from './identify-setup';
import { checkMemory, describeEstimate } from './job-estimate';
import { JobProgress } from './job-progress';
import { writeReport } from './report/write-report';
import { answerPhase, trainingPhase } from './tuning-phases';
import { trainingResults } from './tuning-record';
import { checkSelection, duringRun, now, peakMemory, type TuningRun, withOpenedTuning } from './tuning-run';

/**
 * Finds the context-faithful experts of a checkpoint and writes the run folder.
 * A cancelled or failed job keeps its folder with that status in `run.json`, unless it failed before anything ran.
 * @throws InputError, CancelledError
 */
export async function identify(request: IdentifyRequest, hooks: JobHooks = {}): Promise<IdentifyResult> {
  return withOpenedTuning(request, hooks, async opened => {
    const { model, data } = opened;
    checkListLength(request.k, model.architecture);
    checkSelection(request, data);
    const sampled = statisticsSamples(data.train.samples, request.training.seed);
    const memory = checkMemory(model, identifyWork(opened, sampled));
    const own = { job: 'identify', settings: { k: request.k } };
    return duringRun(opened, own, run => runJob(run, sampled, memory));
  });
}

/** @param memory bytes that the job will take at the highest */
async function runJob(
  run: TuningRun<IdentifyRequest>,
  sampled: readonly LoadedSample[],
  memory: number,
): Promise<IdentifyResult> {
  const { request, hooks, model, folder, record } = run;
  const { signal } = hooks;
  const planned = await estimatedPhases(run, sampled);
  const estimate = { seconds: planned.reduce((sum, { work }) => sum + work, 0), memory };
  hooks.log?.(describeEstimate(estimate, model.plan.memoryBudget));
  const progress = new JobProgress(planned, hooks);
  const statistics = (name: string, routers: Routers): Promise<ActivationStatistics> =>
    progress.time(name, () =>
      activationStatistics(model, sampled, {
        routers,
        signal,
        onProgress: (done, total) => progress.report(name, done / total, `${done} of ${total} samples`),
      }),
    );

  const base = await answerPhase(run, progress, phases.baseAnswers, model);
  const baseRouting = await statistics(phases.baseRouting, model.baseRouters);
  const tuning = await trainingPhase(run, progress, phases.tuning, (samples, options) =>
    tuneRouters(model, samples, request.training, options),
  );
  writeTunedWeights(folder.file(runFiles.routers), model.checkpoint, tuning.parameters.merged(), 'F32');
  const tunedRouting = await statistics(phases.tunedRouting, tuning.routers);
  const tuned = await answerPhase(run, progress, phases.tunedAnswers, model, tuning);

  const contextDependence = {
    ...contextDependenceOf(run, baseRouting, tunedRouting),
    samples: sampled.length,
  };
  folder.writeContextDependence(contextDependence);
  const finished: RunRecord = {
    ...record,
    status: 'done',
    finished: now(),
    timings: progress.timings(),
    memory: await peakMemory(run),
    estimate,
    results: { ...trainingResults(tuning), ...(base ? { base } : {}), ...(tuned ? { tuned } : {}) },
  };
  folder.writeRecord(finished);
  return {
    run_folder: folder.path,
    run: finished,
    context_dependence: contextDependence,
    report: writeReport(folder.path),
  };
}

function contextDependenceOf(
  { request, model: { architecture } }: TuningRun<IdentifyRequest>,
  base: ActivationStatistics,
  tuned: ActivationStatistics,
): Omit<ContextDependence, 'samples'> {
  const ratio = { base: base.ratios(), tuned: tuned.ratios() };
  const { experts, topK } = expertCounts(architecture);
  const k = request.k ?? topK;
  return {
    schema_version: SCHEMA_VERSION,
    k,
    top_k: topK,
    num_experts: experts,
    ratio,
    count: { base: base.activationCounts(), tuned: tuned.activationCounts() },
    ce: topExperts(ratio.tuned, k),
    oe: topExperts(ratio.base, k),
  };
}
