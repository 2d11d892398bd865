/** @file Ends the engine after a while without work: its memory goes back to the machine. */

const minute = 60 * 1000;

/** A countdown that work stops and rest starts. */
export class IdleStop {
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param minutes how long to wait, asked for at each rest; 0: for ever
   * @param stop called when the time is over
   */
  constructor(
    private readonly minutes: () => number,
    private readonly stop: () => void,
  ) {}

  /** Nothing is done from now on. */
  rest(): void {
    this.work();
    const minutes = this.minutes();
    if (minutes > 0) this.timer = setTimeout(this.stop, minutes * minute);
  }

  /** Something is done, or there is nothing to be stopped. */
  work(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
