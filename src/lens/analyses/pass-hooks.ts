/** @file What a pass over samples tells and asks the job that it belongs to. */
export interface PassHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}
