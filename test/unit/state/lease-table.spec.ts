// The worker's leases: found by key among a fixed number of places, the least used gives way, and
// the sum of tokens in hand is always right.

import { PROBES_MAX } from "../../../assembly/contract/limits";
import {
  Lease,
  findLease,
  outstandingTokens,
  setTokens,
} from "../../../assembly/state/lease-table";
import { nextBelow, seedStream } from "../random-stream";

/** A key whose home is the given place. */
function keyAt(home: u64, number: u64): u64 {
  return (home << 32) | number;
}

/** Whether the key still has its lease: what was written to it is there. */
function kept(key: u64, nowNs: u64): bool {
  return findLease(key, nowNs).slot == <i32>(key & 0xffff);
}

function take(key: u64, nowNs: u64): Lease {
  const lease = findLease(key, nowNs);
  lease.slot = <i32>(key & 0xffff);
  return lease;
}

describe("a lease", () => {
  it("is the same for the same key, and empty for a new one", () => {
    const first = take(keyAt(10, 1), 100);
    setTokens(first, 3);
    const again = findLease(keyAt(10, 1), 200);
    expect(again.tokens).toBe(3);
    expect(again.usedNs).toBe(200);
    const other = findLease(keyAt(10, 2), 200);
    expect(other.tokens).toBe(0);
    expect(other.slot).toBe(-1);
    expect(other.denyUntilNs).toBe(0);
    setTokens(again, 0);
  });

  it("gives way to a new key when it is the one unused for longest", () => {
    for (let i: u64 = 1; i <= <u64>PROBES_MAX; i++) take(keyAt(100, i), 1000 + i);
    findLease(keyAt(100, 1), 5000);
    take(keyAt(100, 99), 5001);
    // The second was the oldest; asking for it takes a place, so it is asked for last.
    for (let i: u64 = 3; i <= <u64>PROBES_MAX; i++) expect(kept(keyAt(100, i), 6000)).toBe(true);
    expect(kept(keyAt(100, 1), 6000)).toBe(true);
    expect(kept(keyAt(100, 99), 6000)).toBe(true);
    expect(kept(keyAt(100, 2), 6001)).toBe(false);
  });

  it("with tokens in hand gives way last", () => {
    for (let i: u64 = 1; i <= <u64>PROBES_MAX; i++) {
      setTokens(take(keyAt(200, i), 1000 + i), i == 5 ? 0 : 1);
    }
    take(keyAt(200, 50), 9000);
    expect(kept(keyAt(200, 1), 9001)).toBe(true);
    expect(outstandingTokens()).toBe(PROBES_MAX - 1);
    setTokens(findLease(keyAt(200, 50), 9001), 1);
    take(keyAt(200, 51), 9002);
    // One with tokens had to go: its tokens are no longer counted as in hand.
    expect(outstandingTokens()).toBe(PROBES_MAX - 1);
    for (let i: u64 = 1; i <= 60; i++) setTokens(findLease(keyAt(200, i), 9100), 0);
    expect(outstandingTokens()).toBe(0);
  });

  it("has its neighbours behind the table's end at its beginning", () => {
    for (let i: u64 = 1; i <= <u64>PROBES_MAX; i++) take(keyAt(4095, i), 100 + i);
    for (let i: u64 = 1; i <= <u64>PROBES_MAX; i++) expect(kept(keyAt(4095, i), 900)).toBe(true);
  });
});

describe("the tokens in hand", () => {
  it("are summed over any sequence of keys", () => {
    seedStream(9);
    const sums = new StaticArray<i32>(600);
    for (let round = 0; round < 20000; round++) {
      const number = nextBelow(600);
      const lease = findLease(keyAt(<u64>(number * 6), <u64>number + 1), <u64>round + 10000);
      setTokens(lease, <i32>nextBelow(20));
      sums[number] = lease.tokens;
    }
    let sum = 0;
    for (let number: u32 = 0; number < 600; number++) {
      sum += findLease(keyAt(<u64>(number * 6), <u64>number + 1), 99999).tokens;
    }
    expect(outstandingTokens()).toBe(sum);
    expect(sum).toBeGreaterThan(0);
  });
});
