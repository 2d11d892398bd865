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

export interface TrainingTask {
  /** Number of training samples. */
  readonly samples: number;
  /** Changed in place by the loop. */
  readonly parameters: NamedArrays;
  /** One update's loss and gradients. `step` counts from 0. */
  gradients: (step: number) => Promise<StepResult>;
  /** Loss on the dev set; absent: the last parameters are kept. */
  devLoss?: () => Promise<number>;
}

/** The parameters with the lowest dev loss so far. */
export interface BestParameters {
  /** Updates done when they were reached. */
  readonly step: number;
  readonly loss: number;
  readonly parameters: NamedArrays;
}

/** Everything that an interrupted run needs to go on exactly as if it had not been interrupted. */
export interface TrainingState {
  /** The next step. */
  readonly step: number;
  readonly parameters: NamedArrays;
  readonly optimiser: AdamWState;
  readonly best?: BestParameters;
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
  readonly devLoss?: number;
}

/** Times that a run is evaluated. */
const evaluations = 10;

/** Steps in one pass over the samples. */
export function stepsPerEpoch(samples: number, { batch_size, grad_accumulation }: TrainingSettings): number {
  return Math.ceil(samples / (batch_size * grad_accumulation));
}

/** Steps of the whole run. */
export function totalSteps(samples: number, settings: TrainingSettings): number {
  return settings.max_steps ?? Math.max(1, Math.round(settings.epochs * stepsPerEpoch(samples, settings)));
}

/**
 * Trains, evaluates every tenth of the run (METHOD step 1), and leaves the parameters with the lowest dev loss in place.
 * Ends early where the settings have patience and the dev loss has not become lower for so many evaluations.
 * @param from where an interrupted run stopped
 * @throws InputError if the loss stops being a number
 */
export async function train(
  task: TrainingTask,
  settings: TrainingSettings,
  hooks: TrainingHooks = {},
  from?: TrainingState,
): Promise<TrainingOutcome> {
  const steps = totalSteps(task.samples, settings);
  const perEpoch = stepsPerEpoch(task.samples, settings);
  const schedule = {
    kind: settings.schedule,
    learningRate: settings.lr,
    totalSteps: steps,
    warmupRatio: settings.warmup_ratio,
  };
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

  let step = from?.step ?? 0;
  for (; step < steps && !isExhausted(step); step++) {
    const started = performance.now();
    const { loss, loadBalancingLoss, gradients, tokens } = await task.gradients(step);
    const norm = clipGlobalNorm(gradients, settings.clip);
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw new InputError(
        `Training diverged at step ${step} (loss ${loss}). Lower the learning rate (now ${settings.lr}).`,
      );
    }
    const lr = learningRateAt(schedule, step);
    optimiser.step(task.parameters, gradients, lr);
    const seconds = (performance.now() - started) / 1000;
    const balance = loadBalancingLoss === undefined ? {} : { load_balancing: loadBalancingLoss };
    const line = { step, epoch: step / perEpoch, loss, ...balance, lr, grad_norm: norm };
    hooks.onStep?.({ ...line, tokens_per_s: tokens / seconds }, steps);
    const evaluates = evaluateAt.has(step + 1);
    if (evaluates && task.devLoss) {
      const devLoss = await task.devLoss();
      hooks.onEvaluation?.({ step: step + 1, epoch: (step + 1) / perEpoch, split: 'dev', loss: devLoss });
      if (!best || devLoss < best.loss) {
        best = { step: step + 1, loss: devLoss, parameters: copyArrays(task.parameters) };
      }
    }
    const saves = evaluates || (interval !== undefined && (step + 1) % interval === 0);
    if (!saves) continue;
    hooks.onCheckpoint?.({
      step: step + 1,
      parameters: task.parameters,
      optimiser: optimiser.state,
      ...(best ? { best } : {}),
    });
  }
  if (!best) return { steps: step, bestStep: step };
  copyInto(task.parameters, best.parameters);
  return { steps: step, bestStep: best.step, devLoss: best.loss };
}

/** After how many updates the dev loss is taken: every tenth of the run, and at its end. */
function evaluationSteps(steps: number): Set<number> {
  return new Set(
    Array.from({ length: evaluations }, (_, i) => Math.max(1, Math.round(((i + 1) * steps) / evaluations))),
  );
}

function copyArrays(arrays: NamedArrays): NamedArrays {
  return new Map([...arrays].map(([name, values]) => [name, Float32Array.from(values)]));
}

function copyInto(target: NamedArrays, source: NamedArrays): void {
  for (const [name, values] of target) {
    const from = source.get(name);
    if (from?.length !== values.length)
      throw new InputError(`The saved training state does not fit: "${name}" differs.`);
    values.set(from);
  }
}
