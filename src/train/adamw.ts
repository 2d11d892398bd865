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

export class AdamW {
  /** Updates done so far. */
  private updates = 0;
  private readonly firstMoments = new Map<string, Float32Array>();
  private readonly secondMoments = new Map<string, Float32Array>();

  constructor(private readonly settings: AdamWSettings = adamWDefaults) {}

  /** Changes `parameters` in place. */
  step(parameters: NamedArrays, gradients: NamedArrays, learningRate: number): void {
    this.updates++;
    for (const [name, values] of parameters) {
      const gradient = gradients.get(name);
      if (!gradient) throw new Error(`no gradient for "${name}"`);
      this.update(
        values,
        gradient,
        momentsOf(this.firstMoments, name, values),
        momentsOf(this.secondMoments, name, values),
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
    const firstCorrection = 1 - beta1 ** this.updates;
    const secondCorrection = 1 - beta2 ** this.updates;
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
  for (const values of gradients.values()) for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/**
 * Scales gradients down to `limit` where their norm is above it; 0 leaves them alone.
 * @returns the norm before
 */
export function clipGlobalNorm(gradients: NamedArrays, limit: number): number {
  const norm = globalNorm(gradients);
  if (limit > 0 && norm > limit) {
    for (const values of gradients.values())
      for (let i = 0; i < values.length; i++) values[i] *= limit / norm;
  }
  return norm;
}
