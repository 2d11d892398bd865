/** @file Progress of a job made of phases of different length, with the time that is left. */
import type { JobHooks } from '../protocol/jobs';

export interface Phase {
  readonly name: string;
  /** Work relative to the other phases, e.g. tokens times passes. */
  readonly work: number;
}

export class JobProgress {
  private readonly started = performance.now();
  private readonly seconds = new Map<string, number>();
  private reached = 0;
  private skipped = 0;

  constructor(
    private readonly phases: readonly Phase[],
    private readonly hooks: JobHooks,
  ) {}

  /** Reports that `fraction` (0 to 1) of a phase is done. */
  report(name: string, fraction: number, detail: string): void {
    this.reach(name, fraction);
    const elapsed = (performance.now() - this.started) / 1000;
    const done = this.reached - this.skipped;
    this.hooks.progress?.({
      phase: name,
      fraction: this.reached,
      detail,
      // The first seconds hold the making of sessions: no estimate from them.
      ...(done > 0.02 ? { eta_seconds: (elapsed * (1 - this.reached)) / done } : {}),
    });
  }

  /** Tells that `fraction` of a phase was done in an interrupted run: the time that is left is not estimated from it. */
  skip(name: string, fraction: number): void {
    const before = this.reached;
    this.reach(name, fraction);
    this.skipped += this.reached - before;
  }

  private reach(name: string, fraction: number): void {
    const total = this.phases.reduce((sum, { work }) => sum + work, 0);
    const place = this.phases.findIndex(phase => phase.name === name);
    const before = this.phases.slice(0, place).reduce((sum, { work }) => sum + work, 0);
    const done = (before + fraction * (this.phases[place]?.work ?? 0)) / Math.max(total, 1e-9);
    this.reached = Math.min(1, Math.max(this.reached, done));
  }

  /**
   * Runs a phase and keeps how long it took.
   * @param secondsBefore that it took in an interrupted run which this one goes on with
   */
  async time<T>(name: string, work: () => Promise<T>, secondsBefore = 0): Promise<T> {
    const started = performance.now();
    this.report(name, 0, '');
    const result = await work();
    this.report(name, 1, 'done');
    this.seconds.set(name, secondsBefore + (performance.now() - started) / 1000);
    return result;
  }

  /** Seconds by phase so far. */
  timings(): Record<string, number> {
    return Object.fromEntries(this.seconds);
  }
}
