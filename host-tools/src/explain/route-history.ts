// The requests of one route as the filter met them in a replay: when they came by its clock, how large
// they were to it, and how they ended under its own decisions.

import type { TrafficRequest } from "../model/traffic";
import { latencyOf } from "../replay/replay";
import type { RecordedRequest } from "../replay/recorded-request";
import type { ReplayVerdict } from "../replay/replay-verdict";

/** The embedded host's monotonic clock at the start of a replay. */
export const CLOCK_START_NS = 3_600_000_000_000;
/** What to add to it, in ms, for the time of day: the host's wall clock begins in 2026. */
export const WALL_OFFSET_MS = 1_767_225_600_000 - CLOCK_START_NS * 1e-6;

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** What the filter saw of a request and how it went; all of one route. */
export function asTraffic(
  { atMs, headers, ttfbMs, status, latencyMs: recorded }: RecordedRequest,
  verdict: ReplayVerdict,
): TrafficRequest {
  const target = headers.get(":path") ?? "";
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const own = headers.toList().filter(([name]) => !name.startsWith("x-ganglion-"));
  const latencyMs = latencyOf({ latencyMs: recorded }, verdict.arm);
  return {
    arrivalMs: (CLOCK_START_NS + Math.round(atMs * 1e6)) * 1e-6,
    route: "",
    unsafeMethod: SAFE_METHODS.has(headers.get(":method") ?? "") ? 0 : 1,
    path,
    pathBytes: path.length,
    queryBytes: query < 0 ? 0 : target.length - query - 1,
    headerBytes: own.reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0),
    headerCount: own.length,
    contentBytes: Number(headers.get("content-length") ?? 0),
    ttfbMs: Math.min(ttfbMs ?? latencyMs, latencyMs),
    latencyMs,
    status,
    limited: verdict.answered > 0,
    faulty: false,
    attempt: Number(headers.get("x-envoy-attempt-count") ?? 1),
  };
}
