/** @file Router tuning (METHOD step 1): only the routers train. */
import type { Model } from '../model/model';
import type { Routers } from '../model/pass-options';
import type { TrainingSettings } from '../protocol/jobs';
import { fineTune, type FineTuningOptions, type FineTuningOutcome, type TrainingData } from './fine-tuning';
import type { TrainableParameters } from './parameters';
import { parametersFor, routerNames } from './trainable-names';

export interface RouterTuningResult extends FineTuningOutcome {
  /** The kept routers, low-rank additions merged. */
  readonly routers: Routers;
  /** The trained arrays themselves. */
  readonly parameters: TrainableParameters;
}

/** Copies of the routers, or low-rank additions to them. */
export function routerParameters(
  { architecture, checkpoint }: Model,
  settings: TrainingSettings,
): TrainableParameters {
  return parametersFor(checkpoint, routerNames(architecture, { bias: settings.train_router_bias }), settings);
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
