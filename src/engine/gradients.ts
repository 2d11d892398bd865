/** @file Reverse-mode differentiation of a recorded graph, towards named targets only. */
import type { FloatTensor, TapeEntry, Tensor } from './graph';
import { add } from './operators/elementwise';

/** An operator without a gradient rule lies between an output and a target. */
export class MissingGradientRuleError extends Error {
  override readonly name = 'MissingGradientRuleError';
  constructor(readonly operator: string) {
    super(`${operator} has no gradient rule, but a gradient must flow through it.`);
  }
}

export interface Seed {
  readonly output: FloatTensor;
  /** Gradient of the loss with respect to `output`, same shape. */
  readonly gradient: FloatTensor;
}

export interface GradientOptions {
  /** Forward values that will be fed to the backward model; others are computed again by it. */
  readonly saved?: ReadonlySet<Tensor>;
  /** The tape to walk; default: that of the root scope. */
  readonly tape?: readonly TapeEntry[];
}

/**
 * Emits the nodes that compute the gradient of the seeded outputs with respect to each target.
 * Only operators on a path from a target to a seed are differentiated.
 * @returns one gradient a target; undefined where the outputs do not depend on it
 * @throws MissingGradientRuleError
 */
export function gradients(
  seeds: readonly Seed[],
  targets: readonly Tensor[],
  options: GradientOptions = {},
): (FloatTensor | undefined)[] {
  // Rules emit onto the same tape: walk what was there before.
  const tape = [...(options.tape ?? seeds[0]?.output.graph.root.tape ?? [])];
  const saved = options.saved ?? new Set<Tensor>();
  const dependent = dependentsOf(targets, tape);
  const flowing = new Map<Tensor, FloatTensor>();
  const accumulate = (tensor: Tensor, gradient: FloatTensor): void => {
    const before = flowing.get(tensor);
    flowing.set(tensor, before ? add(before, gradient) : gradient);
  };
  for (const { output, gradient } of seeds) accumulate(output, gradient);

  for (const { operator, inputs, outputs, rule } of tape.reverse()) {
    const outputGradients = outputs.map(output => flowing.get(output));
    const wanted = inputs.map(input => dependent.has(input));
    if (!wanted.includes(true) || outputGradients.every(gradient => gradient === undefined)) continue;
    if (!rule) throw new MissingGradientRuleError(operator);
    const inputGradients = rule({
      inputs: inputs as FloatTensor[],
      outputs: outputs as FloatTensor[],
      gradients: outputGradients,
      wanted,
      saved,
    });
    inputs.forEach((input, i) => {
      const gradient = inputGradients[i];
      if (wanted[i] && gradient) accumulate(input, gradient);
    });
  }
  return targets.map(target => flowing.get(target));
}

/**
 * {@link gradients} of targets that the outputs are known to depend on.
 * @throws Error if they do not
 */
export function knownGradients(
  seeds: readonly Seed[],
  targets: readonly Tensor[],
  options?: GradientOptions,
): FloatTensor[] {
  return gradients(seeds, targets, options).map((gradient, i) => {
    if (!gradient) throw new Error(`no gradient reaches "${targets[i].name}"`);
    return gradient;
  });
}

/** The targets and everything of a floating type that is computed from them. */
function dependentsOf(targets: readonly Tensor[], tape: readonly TapeEntry[]): Set<Tensor> {
  const dependent = new Set(targets);
  for (const { inputs, outputs } of tape) {
    if (!inputs.some(input => dependent.has(input))) continue;
    for (const output of outputs)
      if (output.dtype !== 'int64' && output.dtype !== 'bool') dependent.add(output);
  }
  return dependent;
}
