/** @file Which weights train, by canonical name. */
import type { Architecture } from '../model/architecture';
import type { Checkpoint } from '../model/checkpoint/checkpoint';
import type { TunedSize } from '../model/tuned-weights';
import { canonicalShape, namedWeights } from '../model/weight-names';
import type { ExpertList } from '../protocol/artifacts';
import type { TrainingSettings } from '../protocol/jobs';
import { arraysInTraining, fullParameters, loraParameters, type TrainableParameters } from './parameters';

/** All weights of the model. */
export function allNames(architecture: Architecture): string[] {
  return [...namedWeights(architecture).keys()];
}

/** The routers' weights and, if asked for, their biases, where they have any. */
export function routerNames(architecture: Architecture, { bias }: { bias: boolean }): string[] {
  const wanted = bias ? /\.router\.(weight|bias)$/ : /\.router\.weight$/;
  return allNames(architecture).filter(name => wanted.test(name));
}

/** Gate, up and down projections of experts, biases included, in the order of the list. */
export function expertNames(architecture: Architecture, experts: ExpertList): string[] {
  const all = allNames(architecture);
  return Object.entries(experts).flatMap(([layer, chosen]) =>
    chosen.flatMap(expert => all.filter(name => name.startsWith(`layers.${layer}.experts.${expert}.`))),
  );
}

/** The matrices among weights of layers: what low-rank additions are made to. */
export function matrixNames(architecture: Architecture, names: readonly string[]): string[] {
  const weights = namedWeights(architecture);
  return names.filter(name => {
    const weight = weights.get(name);
    return weight && name.startsWith('layers.') && canonicalShape(weight).length === 2;
  });
}

/** Copies of the weights, or low-rank additions to the matrices among them, as the settings ask for. */
export function parametersFor(
  checkpoint: Checkpoint,
  names: readonly string[],
  settings: TrainingSettings,
): TrainableParameters {
  const arrays = arraysInTraining(settings);
  if (settings.parametrisation === 'full') return fullParameters(checkpoint, names, arrays);
  const { lora_r: rank, lora_alpha: alpha, lora_dropout: dropout, seed } = settings;
  const matrices = matrixNames(checkpoint.architecture, names);
  return loraParameters(checkpoint, matrices, { rank, alpha, dropout, seed, arrays });
}

/** How much {@link parametersFor} would make, without reading any. */
export function trainableSize(
  architecture: Architecture,
  names: readonly string[],
  { parametrisation, lora_r: rank }: TrainingSettings,
): TunedSize {
  const weights = namedWeights(architecture);
  const shapesOf = (chosen: readonly string[]): (readonly number[])[] =>
    chosen.flatMap(name => weights.get(name) ?? []).map(canonicalShape);
  if (parametrisation === 'full') return { elements: sum(shapesOf(names).map(elements)), additions: 0 };
  const matrices = shapesOf(matrixNames(architecture, names));
  return { elements: sum(matrices.map(([out, into]) => rank * (out + into))), additions: matrices.length };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
