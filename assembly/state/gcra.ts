// The arithmetic of a token bucket as one number: GCRA's theoretical arrival time (ITU-T I.371). A bucket
// is full when that time has passed and empty when it lies a full capacity ahead. One number can be
// changed by compare-and-swap, which two fields (tokens, time) cannot. Pure: who stores it is not known here.

/**
 * Tokens that can be taken now, at most want.
 *
 * @param arrivalNs the bucket's theoretical arrival time
 * @param intervalNs refill time of one token, > 0
 * @param capacityNs refill time of a full bucket
 */
export function tokensAvailable(
  arrivalNs: u64,
  nowNs: u64,
  intervalNs: u64,
  capacityNs: u64,
  want: i32,
): i32 {
  // An arrival time further ahead than a full bucket is not one this code writes (a changed rate, or
  // somebody else's value): nothing is available, and waiting mends it.
  const base = max(arrivalNs, nowNs);
  const end = nowNs + capacityNs;
  if (base >= end) return 0;
  const room = (end - base) / intervalNs;
  return <i32>min<u64>(room, <u64>want);
}

/** The arrival time after taking tokens. */
export function arrivalAfter(arrivalNs: u64, nowNs: u64, intervalNs: u64, tokens: i32): u64 {
  return max(arrivalNs, nowNs) + intervalNs * <u64>tokens;
}

/** The moment at which one token will be there again. */
export function nextTokenNs(arrivalNs: u64, intervalNs: u64, capacityNs: u64): u64 {
  const due = arrivalNs + intervalNs;
  return due > capacityNs ? due - capacityNs : 0;
}

/**
 * An arrival time left over from another rate or burst is pulled back to what an empty bucket of the
 * present size would have had when it was written, so that nobody waits for a debt that today's limit could
 * not make.
 */
export function boundedArrival(arrivalNs: u64, writtenNs: u64, capacityNs: u64): u64 {
  return min(arrivalNs, writtenNs + capacityNs);
}

/** Furthest that one worker's reading of the clock is believed to lag behind another's write. */
const LAG_NS_MAX: u64 = 1_000_000_000;

/**
 * The clock, not behind the bucket's last change. A worker reads the clock first and the bucket later; a
 * bucket that another worker changed in between would seem to hold less than it does, and a slow limit
 * (one token in 100 s) would refuse a token that is there.
 *
 * @param writtenNs when the bucket was changed last; anything over a second ahead is not believed
 */
export function laterNs(nowNs: u64, writtenNs: u64): u64 {
  return writtenNs > nowNs && writtenNs - nowNs <= LAG_NS_MAX ? writtenNs : nowNs;
}
