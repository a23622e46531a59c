// GCRA against a plain token bucket (tokens and a time) and against the law it must keep.

import {
  arrivalAfter,
  boundedArrival,
  laterNs,
  nextTokenNs,
  tokensAvailable,
} from "../../../assembly/state/gcra";
import { nextBelow, seedStream } from "../random-stream";

const SECOND: u64 = 1000000000;

/** Tokens as nanoseconds of refill: whole numbers below 2^53, so that the doubles are exact. */
let filledNs: f64 = 0;
let filledAtNs: f64 = 0;

function bucketTake(nowNs: u64, intervalNs: u64, capacityNs: u64, want: i32): i32 {
  filledNs = Math.min(<f64>capacityNs, filledNs + (<f64>nowNs - filledAtNs));
  filledAtNs = <f64>nowNs;
  const tokens = Math.min(Math.floor(filledNs / <f64>intervalNs), <f64>want);
  filledNs -= tokens * <f64>intervalNs;
  return <i32>tokens;
}

/** Plays one random schedule on both; the number of steps at which they differ. */
function differences(seed: u64, intervalNs: u64, burst: i32): i32 {
  seedStream(seed);
  const capacityNs = intervalNs * <u64>burst;
  let nowNs: u64 = 3600 * SECOND;
  let arrivalNs: u64 = 0;
  filledNs = <f64>capacityNs;
  filledAtNs = <f64>nowNs;
  let different = 0;
  for (let i = 0; i < 5000; i++) {
    nowNs += <u64>nextBelow(<u32>min<u64>(intervalNs * 3, 4000000000));
    const want = 1 + <i32>nextBelow(<u32>burst + 2);
    const got = tokensAvailable(arrivalNs, nowNs, intervalNs, capacityNs, want);
    if (got > 0) arrivalNs = arrivalAfter(arrivalNs, nowNs, intervalNs, got);
    if (got != bucketTake(nowNs, intervalNs, capacityNs, want)) different++;
  }
  return different;
}

/** Largest number of tokens over burst + rate * t, at any moment of a greedy schedule. */
function excess(seed: u64, intervalNs: u64, burst: i32): i64 {
  seedStream(seed);
  const capacityNs = intervalNs * <u64>burst;
  const startNs: u64 = 50 * SECOND;
  let nowNs = startNs;
  let arrivalNs: u64 = 0;
  let taken: u64 = 0;
  let worst: i64 = i64.MIN_VALUE;
  for (let i = 0; i < 5000; i++) {
    nowNs += <u64>nextBelow(<u32>min<u64>(intervalNs, 4000000000));
    const got = tokensAvailable(arrivalNs, nowNs, intervalNs, capacityNs, 1 + (i % 5));
    if (got == 0) continue;
    arrivalNs = arrivalAfter(arrivalNs, nowNs, intervalNs, got);
    taken += <u64>got;
    worst = max(worst, <i64>taken - <i64>burst - <i64>((nowNs - startNs) / intervalNs));
  }
  return worst;
}

describe("the bucket", () => {
  it("is a token bucket, step by step", () => {
    for (let seed: u64 = 1; seed <= 5; seed++) {
      expect(differences(seed, 1000, 1)).toBe(0);
      expect(differences(seed, 10000000, 20)).toBe(0);
      expect(differences(seed, 333333333, 7)).toBe(0);
      expect(differences(seed, 1000000, 1000)).toBe(0);
    }
  });

  it("never gives more than burst + rate * t", () => {
    for (let seed: u64 = 1; seed <= 10; seed++) {
      expect(excess(seed, 1000000, 50)).toBeLessThanOrEqual(0);
      expect(excess(seed, 100000000, 3)).toBeLessThanOrEqual(0);
    }
  });

  it("is full when its arrival time has passed, and gives no more than is wanted", () => {
    expect(tokensAvailable(0, 9 * SECOND, SECOND, 5 * SECOND, 100)).toBe(5);
    expect(tokensAvailable(9 * SECOND, 9 * SECOND, SECOND, 5 * SECOND, 2)).toBe(2);
  });

  it("holds at the largest limits that a configuration can name", () => {
    const interval: u64 = 1000 * SECOND;
    const capacity = interval * 1000000;
    const now: u64 = 1000000 * SECOND;
    expect(tokensAvailable(0, now, interval, capacity, 1000000)).toBe(1000000);
    const spent = arrivalAfter(0, now, interval, 1000000);
    expect(spent).toBe(now + capacity);
    expect(tokensAvailable(spent, now, interval, capacity, 1)).toBe(0);
    expect(tokensAvailable(spent, now + interval, interval, capacity, 9)).toBe(1);
  });
});

describe("the next token", () => {
  it("comes exactly then, and not one nanosecond earlier", () => {
    const capacity = 5 * SECOND;
    let arrival: u64 = 0;
    const now = 100 * SECOND;
    for (let i = 0; i < 5; i++) arrival = arrivalAfter(arrival, now, SECOND, 1);
    const due = nextTokenNs(arrival, SECOND, capacity);
    expect(due).toBe(101 * SECOND);
    expect(tokensAvailable(arrival, due - 1, SECOND, capacity, 1)).toBe(0);
    expect(tokensAvailable(arrival, due, SECOND, capacity, 1)).toBe(1);
  });

  it("of a bucket that is not empty has come already", () => {
    expect(nextTokenNs(0, SECOND, 5 * SECOND)).toBe(0);
  });
});

describe("an arrival time of a larger bucket", () => {
  it("is pulled back to an empty bucket of today's size", () => {
    const bounded = boundedArrival(1000 * SECOND, 10 * SECOND, 2 * SECOND);
    expect(bounded).toBe(12 * SECOND);
    expect(tokensAvailable(bounded, 10 * SECOND, SECOND, 2 * SECOND, 1)).toBe(0);
    expect(tokensAvailable(bounded, 11 * SECOND, SECOND, 2 * SECOND, 9)).toBe(1);
  });

  it("is left alone where it fits", () => {
    expect(boundedArrival(11 * SECOND, 10 * SECOND, 2 * SECOND)).toBe(11 * SECOND);
    expect(boundedArrival(0, 10 * SECOND, 2 * SECOND)).toBe(0);
  });
});

describe("a reading of the clock from before another worker's write", () => {
  it("does not hide the tokens that are left", () => {
    const capacity = 300 * SECOND;
    const interval = 100 * SECOND;
    const written = 1000 * SECOND;
    const arrival = arrivalAfter(0, written, interval, 2);
    const behind = written - 1000;
    expect(tokensAvailable(arrival, behind, interval, capacity, 1)).toBe(0);
    expect(tokensAvailable(arrival, laterNs(behind, written), interval, capacity, 1)).toBe(1);
  });

  it("counts as the moment of that write", () => {
    expect(laterNs(5 * SECOND, 5 * SECOND + 7)).toBe(5 * SECOND + 7);
    expect(laterNs(5 * SECOND, 6 * SECOND)).toBe(6 * SECOND);
  });

  it("is kept where it is later, or where the write is not believable", () => {
    expect(laterNs(5 * SECOND, 3 * SECOND)).toBe(5 * SECOND);
    expect(laterNs(5 * SECOND, 0)).toBe(5 * SECOND);
    expect(laterNs(5 * SECOND, 6 * SECOND + 1)).toBe(5 * SECOND);
  });
});
