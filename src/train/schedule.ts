/** @file Learning rate over the run: linear warm-up, then cosine, linear or constant. */
export interface Schedule {
  readonly kind: 'cosine' | 'linear' | 'constant';
  readonly learningRate: number;
  readonly totalSteps: number;
  /** Share of the run in which the rate rises from 0. */
  readonly warmupRatio: number;
}

/** Learning rate of step `step` (0 … totalSteps − 1). The first step has a rate above 0, the rate after the last is 0. */
export function learningRateAt(
  { kind, learningRate, totalSteps, warmupRatio }: Schedule,
  step: number,
): number {
  if (kind === 'constant') return learningRate;
  const warmup = Math.floor(warmupRatio * totalSteps);
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  const done = (step - warmup) / Math.max(1, totalSteps - warmup);
  return learningRate * (kind === 'cosine' ? (1 + Math.cos(Math.PI * done)) / 2 : 1 - done);
}
