/** @file Seeded pseudo-random numbers, so that every run can be repeated. */

/**
 * The `sfc32` generator (Chris Doty-Humphrey, PractRand) seeded by splitmix32. Small state that can be saved and
 * restored, so that an interrupted run continues with the numbers that it would have drawn.
 */
export class Random {
  private state: [number, number, number, number];

  constructor(seed: number | { state: readonly [number, number, number, number] }) {
    if (typeof seed === 'object') {
      this.state = [...seed.state];
      return;
    }
    let s = seed | 0;
    const splitmix = (): number => {
      s = (s + 0x9e3779b9) | 0;
      let t = s ^ (s >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      return t ^ (t >>> 15);
    };
    this.state = [splitmix(), splitmix(), splitmix(), 1];
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** What is needed to continue this sequence later. */
  save(): readonly [number, number, number, number] {
    return [...this.state];
  }

  private uint32(): number {
    let [a, b, c, d] = this.state;
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    this.state = [a, b, c, d];
    return t >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform integer in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }
}
