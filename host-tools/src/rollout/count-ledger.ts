// From cumulative counts to what happened between two readings. A series that is smaller than before
// began again (its proxy restarted) and counts from 0; one that is seen for the first time counts from
// where it is, because what it counted before was nobody's business here.

import { addCounts, type ArmCounts, type Block, NO_BLOCK } from "./arm-counts";
import type { Reading, Series } from "./count-source";

export class CountLedger {
  private readonly before = new Map<string, Series>();

  /** What is new since the last reading; undefined for the first one. */
  take(reading: Reading): Block | undefined {
    const isFirst = this.before.size === 0;
    let block = NO_BLOCK;
    for (const [name, now] of reading.series) {
      const last = this.before.get(name);
      this.before.set(name, now);
      if (last === undefined || last.arm !== now.arm) continue;
      const fresh = difference(now.counts, last.counts);
      block = { ...block, [now.arm]: addCounts(block[now.arm], fresh) };
    }
    return isFirst ? undefined : block;
  }
}

function difference(now: ArmCounts, before: ArmCounts): ArmCounts {
  const isRestarted = now.requests < before.requests || now.errors < before.errors;
  if (isRestarted) return now;
  const requests = now.requests - before.requests;
  // Two counters of one proxy are not read at one instant.
  const errors = Math.min(requests, now.errors - before.errors);
  return { requests, errors };
}
