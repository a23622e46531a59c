// What the filter did not do well in this run, said as plainly as what it did. A demo that shows only
// wins is an advertisement; these sentences are computed, so they cannot be forgotten on a good day.

import { whole } from "./live-frame";
import type { FloodFigures, SideFigures } from "./measure";
import { RECOVERY, WARM_UP, type Scenario } from "./scenario";

/** Differences below this are the machine's noise. */
const NOISE_FACTOR = 1.05;

/** Requests count by when they were meant to start, so the last ones may meet a later token. */
const LIMIT_EDGE_FACTOR = 1.01;

/** A load generator that is later than this measures itself. */
const LAG_MAX_MS = 20;

/** Sentences, possibly none. */
export function losses(
  scenario: Scenario,
  withFilter: SideFigures,
  without: SideFigures,
  flood: FloodFigures,
): string[] {
  const found: string[] = [];
  for (const { name } of scenario.phases) {
    const ours = withFilter.phases[name]!;
    const theirs = without.phases[name]!;
    for (const key of ["p50_ms", "p99_ms"] as const) {
      if (ours[key] <= theirs[key] * NOISE_FACTOR) continue;
      const label = key.slice(0, 3);
      found.push(
        `${name}: ${label} was ${ours[key]} ms with the filter, ${theirs[key]} ms without.`,
      );
    }
    if (ours.errors > theirs.errors) {
      found.push(`${name}: ${ours.errors} errors with the filter, ${theirs.errors} without.`);
    }
  }
  const { slow_arm_requests: caught, slow_arm_max_ms: worstMs } = withFilter;
  if (caught > 0) {
    found.push(
      `${caught} requests went to ${scenario.slowArm} while it was slow, before the filter knew or to ` +
        `see whether it was well again; the slowest took ${whole(worstMs)} ms.`,
    );
  }
  if (withFilter.refused > 0) {
    found.push(`${withFilter.refused} requests of tenants that behave well were refused.`);
  }
  const alarms = withFilter.phases[WARM_UP]!.tagged + withFilter.phases[RECOVERY]!.tagged;
  if (alarms > 0) {
    found.push(`${alarms} requests were marked as anomalous while nothing was wrong.`);
  }
  if (withFilter.flood_admitted > flood.allowed * LIMIT_EDGE_FACTOR) {
    found.push(
      `${withFilter.flood_admitted - flood.allowed} requests over the flood's limit passed.`,
    );
  }
  const lagMs = Math.max(withFilter.generator_lag_p99_ms, without.generator_lag_p99_ms);
  if (lagMs > LAG_MAX_MS) {
    found.push(
      `Not the filter: this machine was busy, 1 % of requests left over ${lagMs} ms late.`,
    );
  }
  return found;
}
