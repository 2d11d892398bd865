/** @file The loop that every fine-tuning shares: steps, schedule, clipping, evaluation, best parameters. */
import { InputError } from '../common/errors';
import type { EvaluationLine, TrainingLine } from '../protocol/artifacts';
import type { TrainingSettings } from '../protocol/jobs';
import { AdamW, adamWDefaults, type AdamWState, clipGlobalNorm, type NamedArrays } from './adamw';
import { learningRateAt } from './schedule';

export interface StepResult {
  /** Mean loss of the batch before the update. */
  readonly loss: number;
  /** Only if it is trained on. */
  readonly loadBalancingLoss?: number;
  readonly gradients: NamedArrays;
  /** Tokens that went through the model. */
  readonly tokens: number;
}

/** Of the dev set: mean loss; exact match and F1 in percent where they were asked for. */
export interface DevScores {
  readonly loss: number;
  readonly em?: number;
  readonly f1?: number;
}

export interface TrainingTask {
  /** Number of training samples. */
  readonly samples: number;
  /** Changed in place by the loop. */
  readonly parameters: NamedArrays;
  /** One update's loss and gradients. `step` counts from 0. */
  gradients: (step: number) => Promise<StepResult>;
  /** Scores on the dev set after so many updates; absent: the last parameters are kept. */
  evaluate?: (done: number) => Promise<DevScores>;
}

/** The parameters with the best scores on the dev set so far. */
export interface BestParameters {
  /** Updates done when they were reached. */
  readonly step: number;
  readonly scores: DevScores;
  readonly parameters: NamedArrays;
}

/** Everything that an interrupted run needs to go on exactly as if it had not been interrupted. */
export interface TrainingState {
  /** The next step. What is drawn at random depends on it and the seed alone. */
  readonly step: number;
  readonly parameters: NamedArrays;
  readonly optimiser: AdamWState;
  readonly best?: BestParameters;
}

/** A {@link TrainingState} to go on from; its parameters are asked for one by one. */
export interface ResumedState extends Omit<TrainingState, 'parameters'> {
  readonly parameters: Pick<NamedArrays, 'get'>;
}

export interface TrainingHooks {
  onStep?: (line: TrainingLine, totalSteps: number) => void;
  onEvaluation?: (line: EvaluationLine) => void;
  /**
   * Called every tenth of the run, and as often as the settings say. What it is given changes with the next step: write
   * it at once.
   */
  onCheckpoint?: (state: TrainingState) => void;
}

export interface TrainingOutcome {
  /** Updates done: fewer than planned if training ended early. */
  readonly steps: number;
  /** Updates done when the kept parameters were reached. */
  readonly bestStep: number;
  /** Scores of the kept parameters; only with a dev set. */
  readonly dev?: DevScores;
}

/** Times that a run is evaluated. */
export const evaluations = 10;

/** Steps in one pass over the samples. */
export function stepsPerEpoch(samples: number, { batch_size, grad_accumulation }: TrainingSettings): number {
  return Math.ceil(samples / (batch_size * grad_accumulation));
}

/** Steps of the whole run. */
export function totalSteps(samples: number, settings: TrainingSettings): number {
  return settings.max_steps ?? Math.max(1, Math.round(settings.epochs * stepsPerEpoch(samples, settings)));
}

/**
 * Trains, evaluates every tenth of the run (METHOD step 1), and leaves the parameters with the best scores on the dev
 * set in place. Ends early where the settings have patience and there was no new best for so many evaluations.
 * @param from where an interrupted run stopped
 * @throws InputError if the loss stops being a number
 */
export async function train(
  task: TrainingTask,
  settings: TrainingSettings,
  hooks: TrainingHooks = {},
  from?: ResumedState,
): Promise<TrainingOutcome> {
  const steps = totalSteps(task.samples, settings);
  const perEpoch = stepsPerEpoch(task.samples, settings);
  const optimiser = new AdamW({ ...adamWDefaults, weightDecay: settings.weight_decay }, from?.optimiser);
  const evaluateAt = evaluationSteps(steps);
  let best = from?.best;
  if (from) copyInto(task.parameters, from.parameters);
  const { patience, checkpoint_every: interval } = settings;
  /** Whether to stop with so many updates done. */
  const isExhausted = (done: number): boolean => {
    if (patience === undefined || !best) return false;
    const since = best.step;
    return [...evaluateAt].filter(at => at > since && at <= done).length >= patience;
  };

  let done = from?.step ?? 0;
  while (done < steps && !isExhausted(done)) {
    const line = await update(task, settings, optimiser, done);
    hooks.onStep?.(line, steps);
    done++;
    const evaluates = evaluateAt.has(done);
    if (evaluates && task.evaluate) {
      const scores = await task.evaluate(done);
      const isBest = !best || isBetter(scores, best.scores, settings.select);
      if (isBest) best = { step: done, scores, parameters: copyOf(task.parameters, best?.parameters) };
      const line = { step: done, epoch: done / perEpoch, split: 'dev', ...scores };
      hooks.onEvaluation?.({ ...line, ...(isBest ? { best: true } : {}) });
    }
    if (evaluates || (interval !== undefined && done % interval === 0)) {
      const { parameters } = task;
      hooks.onCheckpoint?.({ step: done, parameters, optimiser: optimiser.state, ...(best && { best }) });
    }
  }
  if (!best) return { steps: done, bestStep: done };
  copyInto(task.parameters, best.parameters);
  return { steps: done, bestStep: best.step, dev: best.scores };
}

/** One update. A function of its own, so that nothing holds its gradients when the next one makes its own. */
async function update(
  task: TrainingTask,
  settings: TrainingSettings,
  optimiser: AdamW,
  step: number,
): Promise<TrainingLine> {
  const started = performance.now();
  const { loss, loadBalancingLoss, gradients, tokens } = await task.gradients(step);
  const norm = clipGlobalNorm(gradients, settings.clip);
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    throw new InputError(
      `Training diverged at step ${step} (loss ${loss}). Lower the learning rate (now ${settings.lr}).`,
    );
  }
  const { lr: learningRate, schedule: kind, warmup_ratio: warmupRatio } = settings;
  const schedule = { kind, learningRate, totalSteps: totalSteps(task.samples, settings), warmupRatio };
  const lr = learningRateAt(schedule, step);
  optimiser.step(task.parameters, gradients, lr);
  const seconds = (performance.now() - started) / 1000;
  return {
    step,
    epoch: step / stepsPerEpoch(task.samples, settings),
    loss,
    ...(loadBalancingLoss === undefined ? {} : { load_balancing: loadBalancingLoss }),
    lr,
    grad_norm: norm,
    tokens_per_s: tokens / seconds,
  };
}

function isBetter(scores: DevScores, best: DevScores, select: TrainingSettings['select']): boolean {
  if (select === 'loss' || scores.em === best.em) return scores.loss < best.loss;
  return (scores.em ?? 0) > (best.em ?? 0);
}

/** After how many updates the dev set is evaluated: every tenth of the run, and at its end. */
function evaluationSteps(steps: number): Set<number> {
  return new Set(
    Array.from({ length: evaluations }, (_, i) => Math.max(1, Math.round(((i + 1) * steps) / evaluations))),
  );
}

/** @param into an older copy, whose memory is used again */
function copyOf(arrays: NamedArrays, into?: NamedArrays): NamedArrays {
  if (!into) return new Map([...arrays].map(([name, values]) => [name, Float32Array.from(values)]));
  copyInto(into, arrays);
  return into;
}

function copyInto(target: NamedArrays, source: Pick<NamedArrays, 'get'>): void {
  for (const [name, values] of target) {
    const from = source.get(name);
    if (from?.length !== values.length)
      throw new InputError(`The saved training state does not fit: "${name}" differs.`);
    values.set(from);
  }
}
