/** @file AdamW (Loshchilov & Hutter 2019) with bias correction, and clipping by the global norm. */

/** Named arrays of equal layout: parameters, or their gradients. */
export type NamedArrays = ReadonlyMap<string, Float32Array>;

export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: a parameter p loses lr · weightDecay · p a step. */
  readonly weightDecay: number;
}

export const adamWDefaults: AdamWSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** What the optimiser remembers; all that is needed to go on after an interruption. */
export interface AdamWState {
  /** Updates done so far. */
  updates: number;
  readonly firstMoments: Map<string, Float32Array>;
  readonly secondMoments: Map<string, Float32Array>;
}

export class AdamW {
  constructor(
    private readonly settings: AdamWSettings = adamWDefaults,
    readonly state: AdamWState = { updates: 0, firstMoments: new Map(), secondMoments: new Map() },
  ) {}

  /** Changes `parameters` in place. */
  step(parameters: NamedArrays, gradients: NamedArrays, learningRate: number): void {
    this.state.updates++;
    for (const [name, values] of parameters) {
      const gradient = gradients.get(name);
      if (!gradient) throw new Error(`no gradient for "${name}"`);
      this.update(
        values,
        gradient,
        momentsOf(this.state.firstMoments, name, values),
        momentsOf(this.state.secondMoments, name, values),
        learningRate,
      );
    }
  }

  private update(
    values: Float32Array,
    gradient: Float32Array,
    first: Float32Array,
    second: Float32Array,
    learningRate: number,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.settings;
    const firstCorrection = 1 - beta1 ** this.state.updates;
    const secondCorrection = 1 - beta2 ** this.state.updates;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i];
      first[i] = beta1 * first[i] + (1 - beta1) * g;
      second[i] = beta2 * second[i] + (1 - beta2) * g * g;
      const direction = first[i] / firstCorrection / (Math.sqrt(second[i] / secondCorrection) + epsilon);
      values[i] -= learningRate * (direction + weightDecay * values[i]);
    }
  }
}

function momentsOf(moments: Map<string, Float32Array>, name: string, like: Float32Array): Float32Array {
  const known = moments.get(name) ?? new Float32Array(like.length);
  moments.set(name, known);
  return known;
}

/** Euclidean norm over all arrays together. */
export function globalNorm(gradients: NamedArrays): number {
  let sum = 0;
  for (const values of gradients.values())
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/**
 * Scales gradients down to `limit` where their norm is above it; 0 leaves them alone.
 * @returns the norm before
 */
export function clipGlobalNorm(gradients: NamedArrays, limit: number): number {
  const norm = globalNorm(gradients);
  if (limit > 0 && norm > limit) {
    const factor = limit / norm;
    for (const values of gradients.values()) for (let i = 0; i < values.length; i++) values[i] *= factor;
  }
  return norm;
}
