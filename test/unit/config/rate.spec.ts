// Rates as nanoseconds, also where the contract's bounds do not let the parser go.

import {
  CAPACITY_NS_MAX,
  capacityNs,
  intervalNs,
  leaseTokens,
} from "../../../assembly/config/rate";

describe("rates", () => {
  it("become whole nanoseconds per token, to the nearest", () => {
    expect(intervalNs(1)).toBe(1000000000);
    expect(intervalNs(3)).toBe(333333333);
    expect(intervalNs(1000000)).toBe(1000);
    expect(intervalNs(0.001)).toBe(1000000000000);
  });

  it("never become less than a nanosecond nor more than the clock can hold", () => {
    expect(intervalNs(1e12)).toBe(1);
    expect(intervalNs(0)).toBe(CAPACITY_NS_MAX);
    expect(intervalNs(-1)).toBe(CAPACITY_NS_MAX);
    expect(intervalNs(NaN)).toBe(CAPACITY_NS_MAX);
  });

  it("the largest permitted bucket fits", () => {
    expect(capacityNs(1000000, intervalNs(0.001))).toBe(1000000000000000000);
  });

  it("a bucket that would wrap around is 0", () => {
    expect(capacityNs(2, CAPACITY_NS_MAX)).toBe(0);
    expect(capacityNs(2, CAPACITY_NS_MAX / 2)).toBe(CAPACITY_NS_MAX);
    expect(capacityNs(2147483647, u64.MAX_VALUE)).toBe(0);
    expect(capacityNs(0, 1)).toBe(0);
  });

  it("a lease is five milliseconds of refill, within the bucket", () => {
    expect(leaseTokens(10, 20)).toBe(1);
    expect(leaseTokens(1000, 100)).toBe(5);
    expect(leaseTokens(1000000, 100)).toBe(100);
    expect(leaseTokens(NaN, 100)).toBe(1);
  });
});
