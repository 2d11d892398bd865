/** @file The merges of byte-pair encoding: a hash table of whole numbers, because a large vocabulary has half a million. */

const free = -1;
/** left, right, rank, merged */
const slotSize = 4;

/** Pair of token ids → rank and merged token. Open addressing with linear probing; at most half full. */
export class MergeTable {
  private readonly slots: Int32Array;
  private readonly mask: number;

  /** @param size the most merges that will be added */
  constructor(size: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(size, 1) * 2));
    this.slots = new Int32Array(capacity * slotSize).fill(free);
    this.mask = capacity - 1;
  }

  /** Adds a merge; of two for the same pair, the later one counts. */
  add(left: number, right: number, rank: number, merged: number): void {
    this.slots.set([left, right, rank, merged], this.slotOf(left, right));
  }

  /** The rank of the merge of two neighbours, or −1 if there is none. Lower ranks come first. */
  rank(left: number, right: number): number {
    return this.slots[this.slotOf(left, right) + 2];
  }

  /** The token that two neighbours become, or −1. */
  merged(left: number, right: number): number {
    return this.slots[this.slotOf(left, right) + 3];
  }

  /** The slot of the pair, or the free one where it belongs. */
  private slotOf(left: number, right: number): number {
    let at = hash(left, right) & this.mask;
    for (;;) {
      const slot = at * slotSize;
      if (this.slots[slot] === free || (this.slots[slot] === left && this.slots[slot + 1] === right))
        return slot;
      at = (at + 1) & this.mask;
    }
  }
}

/** Multiplicative hashing (Knuth); the shift brings the well mixed high bits down. */
function hash(left: number, right: number): number {
  const mixed = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
