// Requests per second and burst as the token bucket needs them (GCRA, state/ and policy/): whole
// nanoseconds. Computed once per configuration, so that a request only adds and compares.

/** Refill that a full bucket may hold, in ns: 2^62, so that adding a clock cannot wrap around. */
export const CAPACITY_NS_MAX: u64 = 1 << 62;
/** What a lease holds at most: this share of a second's refill. */
const LEASES_PER_SECOND: f64 = 200;

/** Nanoseconds per token, nearest, at least 1; 2^62 when the rate is no positive number. */
export function intervalNs(requestsPerSecond: f64): u64 {
  const exact = 1e9 / requestsPerSecond;
  if (!(exact > 0 && exact < 4611686018427387904)) return CAPACITY_NS_MAX;
  return max<u64>(<u64>(exact + 0.5), 1);
}

/** Nanoseconds that a full bucket holds; 0 when that is more than CAPACITY_NS_MAX. */
export function capacityNs(burst: i32, interval: u64): u64 {
  if (burst < 1 || interval < 1 || interval > CAPACITY_NS_MAX / <u64>burst) return 0;
  return interval * <u64>burst;
}

/** Tokens per lease: five milliseconds of refill, at least 1, at most what the bucket holds. */
export function leaseTokens(requestsPerSecond: f64, burst: i32): i32 {
  const tokens = requestsPerSecond / LEASES_PER_SECOND;
  if (!(tokens >= 1)) return 1;
  return max<i32>(<i32>min<f64>(tokens, <f64>burst), 1);
}
