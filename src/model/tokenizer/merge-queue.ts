/** @file Priority queue of merges: a binary heap of numbers that hold rank and position at once. */

const positionBound = 2 ** 32;

/** Gives out the lowest rank first and, among equal ranks, the lowest position. Ranks are below 2²¹. */
export class MergeQueue {
  private readonly heap: number[] = [];

  push(rank: number, position: number): void {
    const { heap } = this;
    const key = rank * positionBound + position;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= key) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = key;
  }

  pop(): { rank: number; position: number } | undefined {
    const [top] = this.heap;
    const last = this.heap.pop();
    if (last === undefined) return undefined;
    if (this.heap.length > 0) this.sink(last);
    return { rank: Math.floor(top / positionBound), position: top % positionBound };
  }

  /** Puts `key` at the root and lets it sink to its place. */
  private sink(key: number): void {
    const { heap } = this;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= key) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = key;
  }
}
