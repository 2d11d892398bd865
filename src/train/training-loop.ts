/** @file The loop that every fine-tuning shares: steps, schedule, clipping, evaluation, best parameters. */
import { InputError } from '../common/errors';
import type { EvaluationLine, TrainingLine } from '../protocol/artifacts';
import type { TrainingSettings } from '../protocol/jobs';
import { AdamW, adamWDefaults, clipGlobalNorm, type NamedArrays } from './adamw';
import { learningRateAt } from './schedule';

export interface StepResult {
  /** Mean loss of the batch before the update. */
  readonly loss: number;
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

export interface TrainingHooks {
  onStep?: (line: TrainingLine, totalSteps: number) => void;
  onEvaluation?: (line: EvaluationLine) => void;
}

export interface TrainingOutcome {
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
 * @throws InputError if the loss stops being a number
 */
export async function train(
  task: TrainingTask,
  settings: TrainingSettings,
  hooks: TrainingHooks = {},
): Promise<TrainingOutcome> {
  const steps = totalSteps(task.samples, settings);
  const perEpoch = stepsPerEpoch(task.samples, settings);
  const schedule = {
    kind: settings.schedule,
    learningRate: settings.lr,
    totalSteps: steps,
    warmupRatio: settings.warmup_ratio,
  };
  const optimiser = new AdamW({ ...adamWDefaults, weightDecay: settings.weight_decay });
  const evaluateAt = evaluationSteps(steps);
  let best: { step: number; loss: number; parameters: NamedArrays } | undefined;

  for (let step = 0; step < steps; step++) {
    const started = performance.now();
    const { loss, gradients, tokens } = await task.gradients(step);
    const norm = clipGlobalNorm(gradients, settings.clip);
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw new InputError(
        `Training diverged at step ${step} (loss ${loss}). Lower the learning rate (now ${settings.lr}).`,
      );
    }
    const lr = learningRateAt(schedule, step);
    optimiser.step(task.parameters, gradients, lr);
    const seconds = (performance.now() - started) / 1000;
    hooks.onStep?.(
      { step, epoch: step / perEpoch, loss, lr, grad_norm: norm, tokens_per_s: tokens / seconds },
      steps,
    );
    if (task.devLoss && evaluateAt.has(step + 1)) {
      const devLoss = await task.devLoss();
      hooks.onEvaluation?.({ step: step + 1, epoch: (step + 1) / perEpoch, split: 'dev', loss: devLoss });
      if (!best || devLoss < best.loss)
        best = { step: step + 1, loss: devLoss, parameters: copyArrays(task.parameters) };
    }
  }
  if (!best) return { steps, bestStep: steps };
  for (const [name, values] of best.parameters) task.parameters.get(name)?.set(values);
  return { steps, bestStep: best.step, devLoss: best.loss };
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
