// Faults on made-up traffic, labelled: what a detector is tried on while its recipe is chosen. Not
// the suite that it is judged by; that runs through the filter (host-tools/src/faults).

import type { Prng } from "../lib/prng";
import type { TrafficRequest } from "../model/traffic";

/** A fault's kinds; what each does is in applyFault. */
export const FAULT_KINDS = [
  "slow-arm",
  "slow-drift",
  "error-burst",
  "flood",
  "retry-storm",
  "scan",
  "stuffing",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of the route's requests that it hits (one arm of three: a third). */
  readonly share: number;
}

const SLOW_FACTOR = 10;
/** Factor that a drift has reached at its end. */
const DRIFT_FACTOR = 4;
/** Failures are fast, as a dead upstream's are. */
const FAIL_MS = 2;

/** Requests that a fault adds for each usual one. */
export function extraRequests(kind: FaultKind): number {
  switch (kind) {
    case "flood":
      return 10;
    case "retry-storm":
      return 2;
    case "scan":
    case "stuffing":
      return 4;
    default:
      return 0;
  }
}

/**
 * The request as it is during the fault. All requests while a fault lasts are labelled: the route is
 * in trouble, whoever is hit.
 * @param extra one of those that the fault adds
 */
export function applyFault(
  request: TrafficRequest,
  fault: Fault,
  extra: boolean,
  random: Prng,
): TrafficRequest {
  const labelled = { ...request, faulty: true };
  const failed = { ...labelled, ttfbMs: FAIL_MS, latencyMs: FAIL_MS };
  switch (fault.kind) {
    case "flood":
      // The flood's own requests mostly meet a limit.
      return extra && random.uniform() < 0.7 ? { ...labelled, limited: true } : labelled;
    case "retry-storm":
      if (!extra && random.uniform() < 0.5) return labelled;
      return { ...failed, status: 503, attempt: extra ? 2 + random.below(2) : 1 };
    case "scan":
      if (!extra) return labelled;
      return { ...failed, status: 404, path: `/${random.u32().toString(36)}` };
    case "stuffing":
      return extra ? { ...failed, status: 401, unsafeMethod: 1 } : labelled;
    default:
      break;
  }
  if (random.uniform() >= fault.share) return labelled;
  if (fault.kind === "error-burst") return { ...failed, status: 503 };
  const done = (request.arrivalMs - fault.fromMs) / (fault.toMs - fault.fromMs);
  const factor = fault.kind === "slow-arm" ? SLOW_FACTOR : 1 + (DRIFT_FACTOR - 1) * done;
  const { ttfbMs, latencyMs } = request;
  return { ...labelled, ttfbMs: factor * ttfbMs, latencyMs: factor * latencyMs };
}
