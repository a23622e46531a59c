// What this worker holds of the proxy's token buckets: leases. A lease is a handful of tokens paid for in
// advance in shared data, so that most requests are admitted without a host call and the sum over all
// workers can never exceed the bucket. A fixed-probe table: keys come from clients.

import { LEASES_MAX, PROBES_MAX } from "../contract/limits";

/** One bucket as this worker knows it. */
// @ts-ignore: decorator
@unmanaged
@final
export class Lease {
  /** Fingerprint of limit and key value; 0 is an empty place. */
  key: u64;
  /** Until when nothing can be had, learnt from the bucket; no host call before that. */
  denyUntilNs: u64;
  /** When the tokens must go back. */
  expiresNs: u64;
  /** Refill time of a token and of a full bucket, as of the last use. */
  intervalNs: u64;
  capacityNs: u64;
  /** Tokens in hand. */
  tokens: i32;
  /** Slot of the bucket in shared data, -1 when not found yet. */
  slot: i32;
  /** Fingerprint under which the slot is held; 0 in an overflow slot. */
  slotKey: u64;
  usedNs: u64;
}

const LEASE_BYTES: usize = 64;
const TABLE: usize = memory.data(262144, 16);
if (offsetof<Lease>() > 64) ERROR("Lease changed its size");
if (LEASES_MAX * 64 != 262144) ERROR("TABLE must have LEASES_MAX places");

let outstanding: i32 = 0;

/** Tokens in hand over all leases; 0 lets the tick skip its walk. */
export function outstandingTokens(): i32 {
  return outstanding;
}

/** @param index in [0, LEASES_MAX) */
// @ts-ignore: decorator
@inline
export function leaseAt(index: i32): Lease {
  return changetype<Lease>(TABLE + <usize>index * LEASE_BYTES);
}

/** Changes the tokens in hand; the only way to, so that the sum stays right. */
export function setTokens(lease: Lease, tokens: i32): void {
  outstanding += tokens - lease.tokens;
  lease.tokens = tokens;
}

/**
 * Finds the key's lease or makes an empty one, in place of the one unused for longest among its probes.
 * One with tokens in hand is replaced last: its tokens are lost to everybody for a moment.
 *
 * @param key not 0
 */
export function findLease(key: u64, nowNs: u64): Lease {
  const home = <i32>((key >> 32) & (<u64>(LEASES_MAX - 1)));
  let victim = leaseAt(home);
  let victimRank = u64.MAX_VALUE;
  for (let i = 0; i < PROBES_MAX; i++) {
    const lease = leaseAt((home + i) & (LEASES_MAX - 1));
    if (lease.key == key) {
      lease.usedNs = nowNs;
      return lease;
    }
    const rank = lease.key == 0 ? 0 : lease.usedNs + (lease.tokens > 0 ? (<u64>1) << 62 : 0);
    if (rank < victimRank) {
      victimRank = rank;
      victim = lease;
    }
  }
  setTokens(victim, 0);
  victim.key = key;
  victim.denyUntilNs = 0;
  victim.expiresNs = 0;
  victim.intervalNs = 0;
  victim.capacityNs = 0;
  victim.slot = -1;
  victim.slotKey = 0;
  victim.usedNs = nowNs;
  return victim;
}
