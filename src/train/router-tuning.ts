/** @file Router tuning (METHOD step 1): only the routers train. */
import type { Architecture } from '../model/architecture';
import type { Model, Routers } from '../model/model';
import { namedWeights } from '../model/weight-names';
import type { TrainingSettings } from '../protocol/jobs';
import { fineTune, type FineTuningOptions, type FineTuningOutcome, type TrainingData } from './fine-tuning';
import { fullParameters, loraParameters, type TrainableParameters } from './parameters';

export interface RouterTuningResult extends FineTuningOutcome {
  /** The kept routers, low-rank additions merged. */
  readonly routers: Routers;
  /** The trained arrays themselves. */
  readonly parameters: TrainableParameters;
}

/** Tunes copies of the model's routers; the model itself stays as it is. */
export async function tuneRouters(
  model: Model,
  data: TrainingData,
  settings: TrainingSettings,
  options: FineTuningOptions = {},
): Promise<RouterTuningResult> {
  const parameters = routerParameters(model, settings);
  const outcome = await fineTune(model, parameters, data, settings, options);
  const { baseRouters } = model.withWeights({ tensors: parameters.merged() });
  return { ...outcome, routers: baseRouters, parameters };
}

/** The routers' weights; their biases, where they have any, only if asked for, and not with LoRA. */
function routerParameters(
  { checkpoint, architecture }: Model,
  settings: TrainingSettings,
): TrainableParameters {
  if (settings.parametrisation === 'full')
    return fullParameters(checkpoint, routerNames(architecture, { bias: settings.train_router_bias }));
  const { lora_r: rank, lora_alpha: alpha, lora_dropout: dropout, seed } = settings;
  return loraParameters(checkpoint, routerNames(architecture, { bias: false }), {
    rank,
    alpha,
    dropout,
    seed,
  });
}

/** Canonical names of the routers' tensors. */
export function routerNames(architecture: Architecture, { bias }: { bias: boolean }): string[] {
  const wanted = bias ? /\.router\.(weight|bias)$/ : /\.router\.weight$/;
  return [...namedWeights(architecture).keys()].filter(name => wanted.test(name));
}
