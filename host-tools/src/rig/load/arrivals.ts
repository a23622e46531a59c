// When requests are meant to start. The list is made before the run, so that a slow answer cannot
// push later requests back: that is what makes the load open-loop and free of coordinated omission.

import type { Prng } from "../../lib/prng";

/** A stretch of time at one rate; segments follow each other. */
export interface RateSegment {
  readonly durationMs: number;
  readonly rateHz: number;
}

/** Poisson arrivals: independent exponential gaps, as from many independent clients. */
export function poissonArrivals(rateHz: number, durationMs: number, prng: Prng): Float64Array {
  return piecewisePoissonArrivals([{ rateHz, durationMs }], prng);
}

/** Poisson arrivals whose rate changes from segment to segment; a rate of 0 is a pause. */
export function piecewisePoissonArrivals(
  segments: readonly RateSegment[],
  prng: Prng,
): Float64Array {
  const atMs: number[] = [];
  let beginMs = 0;
  for (const { durationMs, rateHz } of segments) {
    const endMs = beginMs + durationMs;
    if (rateHz > 0) {
      const gapMs = 1000 / rateHz;
      let nextMs = beginMs + prng.exponential(gapMs);
      for (; nextMs < endMs; nextMs += prng.exponential(gapMs)) atMs.push(nextMs);
    }
    beginMs = endMs;
  }
  return Float64Array.from(atMs);
}

/** Equal gaps; the first arrival is at 0. */
export function constantArrivals(rateHz: number, durationMs: number): Float64Array {
  const count = Math.ceil((durationMs * rateHz) / 1000);
  return Float64Array.from({ length: count }, (_, i) => (i * 1000) / rateHz);
}

export interface MergedArrivals {
  readonly intendedMs: Float64Array;
  /** Which of the merged lists each arrival is from. */
  readonly source: Uint16Array;
}

/** Several arrival lists as one in order of time; equal times keep the order of the lists. */
export function mergeArrivals(lists: readonly Float64Array[]): MergedArrivals {
  const all = lists.flatMap((list, source) => Array.from(list, (atMs) => ({ atMs, source })));
  all.sort((a, b) => a.atMs - b.atMs || a.source - b.source);
  return {
    intendedMs: Float64Array.from(all, (arrival) => arrival.atMs),
    source: Uint16Array.from(all, (arrival) => arrival.source),
  };
}
