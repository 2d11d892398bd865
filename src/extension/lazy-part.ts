/** @file A part of the extension whose code is loaded when it is first needed: so the window starts faster. */

export class LazyPart<T extends object> {
  private loading: Promise<T> | undefined;

  /** @param load imports the code and makes the part */
  constructor(private readonly load: () => Promise<T>) {}

  /** The same part each time; what could not be loaded is tried again. */
  get(): Promise<T> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  /** Disposes of the part, if it was ever needed. */
  dispose(): void {
    void this.loading?.then(disposeOf, () => undefined);
  }
}

function disposeOf(part: { dispose?: () => void }): void {
  part.dispose?.();
}
