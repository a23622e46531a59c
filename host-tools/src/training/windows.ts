// Places where a window may begin, in series that stand one after the other in one array.

import type { Prng } from "../lib/prng";

/** A run of vectors that belong together: `length` of them from vector `start` on. */
export interface Series {
  readonly start: number;
  readonly length: number;
}

export class Windows {
  private readonly long: readonly Series[];

  /** @param steps of a window; a target needs one vector more */
  constructor(
    series: readonly Series[],
    private readonly steps: number,
  ) {
    this.long = series.filter((one) => one.length > steps);
  }

  /** Series that hold a window at all. */
  get series(): number {
    return this.long.length;
  }

  /** First vectors of windows at random places of random series. */
  draw(count: number, random: Prng): Int32Array {
    const starts = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const { start, length } = this.long[random.below(this.long.length)]!;
      starts[i] = start + random.below(length - this.steps);
    }
    return starts;
  }
}
