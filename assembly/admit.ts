// Rate limits of one request: every limit of the route must have a token. The sum over all workers is
// exact: tokens are taken out of the shared bucket before they are handed out here (leases), by
// compare-and-swap, so a race can delay but never over-admit.

import { KEY_HEADERS_MAX, KEY_VALUE_BYTES_MAX, LIMITS_PER_ROUTE_MAX } from "./contract/limits";
import { LEASES_MAX, LIMIT_VALUES_PER_LIMIT_MAX, WORKERS_MAX } from "./contract/limits";
import { Mode } from "./contract/config";
import { Cause } from "./contract/signals";
import { LimitSettings, RouteSettings, Settings } from "./config/settings";
import { limitSettings, limitValueSettings } from "./config/settings";
import { BUCKET_FAILED, BUCKET_FULL, bucketArrivalNs, bucketWrittenNs } from "./edge/bucket";
import { createBucket } from "./edge/bucket";
import { findBucket, overflowSlot, readBucket, writeBucket } from "./edge/bucket";
import { noteCause } from "./edge/log";
import { ensureSecret, secretHigh, secretLow } from "./edge/secret";
import { keyBytes, keyCopies, keyPtr, sameBytes } from "./edge/sense";
import { Shared } from "./edge/shared";
import { arrivalAfter, boundedArrival, laterNs, nextTokenNs, tokensAvailable } from "./state/gcra";
import { Lease, findLease, leaseAt, outstandingTokens, setTokens } from "./state/lease-table";
import { limitState } from "./state/limit-state";
import { sipHash13 } from "./state/siphash";
import { boundLimit } from "./generation";

/** A lease is good for this long; then its tokens go back. */
const LEASE_NS: u64 = 20_000_000;
/**
 * Attempts at a bucket that other workers are changing too. Each failure means that another worker got its
 * lease, and one with a lease does not come back soon: as many attempts as there can be workers are enough.
 */
const TRIES: i32 = WORKERS_MAX;

/** Rate and key of the limit at hand, for this request. */
let intervalNs: u64 = 0;
let capacityNs: u64 = 0;
let leaseTokens: i32 = 0;
let key: u64 = 0;

/** When the limit that refused will have a token again. */
let retryAtNs: u64 = 0;
/** Place in the pool of the limit that refused. */
let refusedLimit: i32 = -1;

/** Monotonic ns at which the request that was refused last may succeed. */
export function admitRetryNs(): u64 {
  return retryAtNs;
}

/** Place in the limit pool of the limit that refused last. */
export function admitRefusedLimit(): i32 {
  return refusedLimit;
}

/** Finds whose bucket this request takes from, and at which rate. */
function selectBucket(settings: Settings, limit: LimitSettings, nowMs: f64): void {
  intervalNs = limit.intervalNs;
  capacityNs = limit.capacityNs;
  leaseTokens = limit.leaseTokens;
  key = limit.nameHash;
  if (limit.keyHeader >= 0 && limit.keyHeader < KEY_HEADERS_MAX) {
    const copies = keyCopies(limit.keyHeader);
    const bytes = keyBytes(limit.keyHeader);
    // A repeated tenant header is nobody's: the upstream may believe the other copy.
    if (copies > 1) noteCause(Cause.DuplicateKeyHeader, nowMs);
    if (copies == 1 && bytes > 0 && bytes <= KEY_VALUE_BYTES_MAX) {
      const value = keyPtr(limit.keyHeader);
      key ^= sipHash13(value, bytes, secretLow(), secretHigh());
      takeOwnRate(settings, limit, value, bytes);
    }
  }
  if (key == 0) key = 1;
}

/** Values that the configuration lists have a rate of their own. */
function takeOwnRate(settings: Settings, limit: LimitSettings, value: usize, bytes: i32): void {
  const count = min(limit.valueCount, LIMIT_VALUES_PER_LIMIT_MAX);
  for (let i = 0; i < count; i++) {
    const listed = limitValueSettings(settings, limit.valueFirst + i);
    if (listed.valueLength != bytes || !sameBytes(listed.valuePtr, value, bytes)) continue;
    intervalNs = listed.intervalNs;
    capacityNs = listed.capacityNs;
    leaseTokens = listed.leaseTokens;
    return;
  }
}

/** Looks for the lease's bucket. @returns its slot, or BUCKET_FAILED, or BUCKET_RACED: look again */
function locate(lease: Lease, limit: LimitSettings, nowNs: u64, nowMs: f64): i32 {
  if (lease.slot >= 0) return lease.slot;
  const slot = findBucket(key, nowNs);
  if (slot >= 0) {
    lease.slot = slot;
    lease.slotKey = key;
    return slot;
  }
  if (slot != BUCKET_FULL) return slot;
  // Every place among the probes is in use by somebody who has spent tokens: the limit's overflow
  // bucket serves whoever is left over, at the limit's own rate.
  noteCause(Cause.BucketOverflow, nowMs);
  lease.slot = overflowSlot(limit.nameHash);
  lease.slotKey = 0;
  return lease.slot;
}

/** Takes a lease out of the bucket. @returns whether the lease now holds a token */
function renew(lease: Lease, limit: LimitSettings, nowNs: u64, nowMs: f64): bool {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const slot = locate(lease, limit, nowNs, nowMs);
    if (slot == BUCKET_FAILED) break;
    if (slot < 0) continue;
    const seen = readBucket(lease.slot, lease.slotKey);
    if (seen == Shared.Absent) {
      if (lease.slotKey == 0) createBucket(lease.slot);
      else lease.slot = -1;
      continue;
    }
    // A value that is not ours reads as a full bucket: the limiter starts over, safely.
    const stored = seen == Shared.Ok ? bucketArrivalNs() : 0;
    const arrival = boundedArrival(stored, bucketWrittenNs(), capacityNs);
    const atNs = laterNs(nowNs, bucketWrittenNs());
    const tokens = tokensAvailable(arrival, atNs, intervalNs, capacityNs, leaseTokens);
    if (tokens == 0) {
      lease.denyUntilNs = nextTokenNs(arrival, intervalNs, capacityNs);
      return false;
    }
    const next = arrivalAfter(arrival, atNs, intervalNs, tokens);
    const written = writeBucket(lease.slot, lease.slotKey, next, atNs);
    if (written == Shared.Ok) {
      setTokens(lease, tokens);
      lease.expiresNs = nowNs + LEASE_NS;
      return true;
    }
    if (written == Shared.Failed) break;
    if (attempt == TRIES - 1) noteCause(Cause.CasExhausted, nowMs);
  }
  // Shared data does not work, or is fought over: an internal problem never refuses a request.
  noteCause(Cause.SharedDataFailed, nowMs);
  setTokens(lease, 1);
  lease.expiresNs = nowNs;
  lease.slot = -1;
  return true;
}

/** A changed rate makes what was learnt about waiting void. */
function noteRate(lease: Lease): void {
  if (lease.intervalNs == intervalNs && lease.capacityNs == capacityNs) return;
  lease.intervalNs = intervalNs;
  lease.capacityNs = capacityNs;
  lease.denyUntilNs = 0;
  // Tokens of the old rate are worth something else now; the bucket has already been charged for them.
  setTokens(lease, 0);
}

function takeToken(lease: Lease, limit: LimitSettings, nowNs: u64, nowMs: f64): bool {
  noteRate(lease);
  if (lease.tokens <= 0) {
    if (nowNs < lease.denyUntilNs) return false;
    if (!renew(lease, limit, nowNs, nowMs)) return false;
  }
  setTokens(lease, lease.tokens - 1);
  return true;
}

/** Leases that gave a token to the request at hand, to be given back if another limit refuses. */
const TAKEN: usize = memory.data(64, 8);
if (LIMITS_PER_ROUTE_MAX * 8 != 64) ERROR("TAKEN must have a place for every limit of a route");

/**
 * Asks every limit of the route. A limit in shadow mode takes its token and is counted, but does not
 * refuse.
 *
 * @returns the number of enforcing limits that refused: 0 admits
 */
export function admit(
  settings: Settings,
  generation: i32,
  route: RouteSettings,
  nowNs: u64,
  nowMs: f64,
): i32 {
  const count = min(route.limitCount, LIMITS_PER_ROUTE_MAX);
  let refused = 0;
  shadowRefused = false;
  ensureSecret();
  for (let i = 0; i < count; i++) {
    store<u32>(TAKEN + <usize>i * 8, 0);
    const place = route.limitFirst + i;
    const limit = limitSettings(settings, place);
    const counters = limitState(boundLimit(generation, place));
    selectBucket(settings, limit, nowMs);
    const lease = findLease(key, nowNs);
    if (takeToken(lease, limit, nowNs, nowMs)) {
      counters.admitted++;
      store<u32>(TAKEN + <usize>i * 8, <u32>changetype<usize>(lease));
      store<u32>(TAKEN + <usize>i * 8, <u32>lease.key, 4);
      continue;
    }
    counters.limited++;
    if (limit.mode != Mode.Enforce) {
      shadowRefused = true;
      continue;
    }
    refused++;
    refusedLimit = place;
    // A token is never further away than its interval; it seems so where another worker wrote the bucket
    // by a clock a little ahead of this one's, and a whole second would be added to what the client waits.
    retryAtNs = min(lease.denyUntilNs, nowNs + intervalNs);
    giveBackTaken(i, nowNs);
    break;
  }
  return refused;
}

let shadowRefused: bool = false;

/** Whether a limit in shadow mode would have refused the last request. */
export function admitShadowRefused(): bool {
  return shadowRefused;
}

/** Returns the tokens that earlier limits gave to a request that a later one refused. */
function giveBackTaken(count: i32, nowNs: u64): void {
  for (let i = 0; i < count; i++) {
    const ptr = load<u32>(TAKEN + <usize>i * 8);
    if (ptr == 0) continue;
    const lease = changetype<Lease>(<usize>ptr);
    // A later limit may have needed the place for a key of its own.
    if (<u32>lease.key != load<u32>(TAKEN + <usize>i * 8, 4)) continue;
    setTokens(lease, lease.tokens + 1);
    if (lease.expiresNs < nowNs) lease.expiresNs = nowNs;
  }
}

/** Puts the tokens of expired leases back into their buckets. Called on the tick. */
export function returnExpiredLeases(nowNs: u64): void {
  if (outstandingTokens() == 0) return;
  for (let i = 0; i < LEASES_MAX; i++) {
    const lease = leaseAt(i);
    if (lease.tokens <= 0 || lease.expiresNs > nowNs) continue;
    giveBack(lease);
    setTokens(lease, 0);
  }
}

function giveBack(lease: Lease): void {
  if (lease.slot < 0) return;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (readBucket(lease.slot, lease.slotKey) != Shared.Ok) return;
    const owed = lease.intervalNs * <u64>lease.tokens;
    const arrival = bucketArrivalNs();
    const next = arrival > owed ? arrival - owed : 0;
    const written = writeBucket(lease.slot, lease.slotKey, next, bucketWrittenNs());
    if (written != Shared.Raced) return;
  }
}
