/** @file How often a crashing engine is started again before the user is asked. */

const window = 3 * 60 * 1000;
const restartsInWindow = 4;

/** At most four restarts in three minutes, as language clients do it. */
export class RestartPolicy {
  private restarts: number[] = [];

  /** @param now milliseconds on a clock that does not jump */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Asks for a restart after a crash. @returns false when there were too many */
  tryRestart(): boolean {
    const time = this.now();
    this.restarts = this.restarts.filter(restart => time - restart < window);
    if (this.restarts.length >= restartsInWindow) return false;
    this.restarts.push(time);
    return true;
  }

  /** The user decided to try again. */
  reset(): void {
    this.restarts = [];
  }
}
