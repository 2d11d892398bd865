/** @file How long the extension took to start: to read, compile and run its code, and to be active. */

/** Milliseconds. */
export interface ActivationTime {
  wall: number;
  /** Of the extension host's thread, where its Node tells: what else the machine does is not in it. */
  cpu: number | undefined;
}

/** The clocks as they stand. */
export function now(): ActivationTime {
  // Node 23.9 and later.
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  const used = threadCpuUsage?.();
  return { wall: performance.now(), cpu: used && (used.user + used.system) / 1000 };
}

export function since(begun: ActivationTime): ActivationTime {
  const { wall, cpu } = now();
  return { wall: wall - begun.wall, cpu: cpu === undefined ? undefined : cpu - (begun.cpu ?? 0) };
}

/** e.g. `31.5 ms, 18.2 ms of them computing`; `npm run bench:activation` reads it in the log. */
export function activationText({ wall, cpu }: ActivationTime): string {
  const inside = cpu === undefined ? '' : `, ${cpu.toFixed(1)} ms of them computing`;
  return `${wall.toFixed(1)} ms${inside}`;
}
