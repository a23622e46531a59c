// Made-up healthy traffic as a monitor of a route sees it: windows of a few requests, each with its
// logarithmic rate, latency and size, and its shares of failures. Rates swing, latencies drift and
// have heavy tails; nothing is wrong in any of it.

import { log2 } from "../model/exact-math";
import type { TrafficRequest } from "../model/traffic";
import { healthyTraffic } from "../training/synthetic-traffic";

/** Windows of one route, in order. */
export interface RouteWindows {
  readonly name: string;
  /** WINDOW_INPUTS a window. */
  readonly values: Float32Array;
  readonly samples: number;
  readonly inputs: number;
  /** Mean time between the ends of windows. */
  readonly intervalMs: number;
}

const WINDOW_INPUTS = 6;
const REQUESTS = 5;

/**
 * @param routes how many, of all kinds that there are
 * @param requestsPerRoute of a route that is not busy
 */
export function healthyWindows(
  seed: number,
  routes: number,
  requestsPerRoute: number,
): RouteWindows[] {
  const byRoute = new Map<string, TrafficRequest[]>();
  for (const request of healthyTraffic(seed, "calibration-bench", routes, requestsPerRoute)) {
    const known = byRoute.get(request.route);
    if (known === undefined) byRoute.set(request.route, [request]);
    else known.push(request);
  }
  return [...byRoute].map(([name, requests]) => windowsOf(name, requests));
}

function windowsOf(name: string, requests: readonly TrafficRequest[]): RouteWindows {
  const rows: number[] = [];
  let begun = 0;
  requests.forEach((request, i) => {
    if (i - begun < REQUESTS) return;
    const lastsMs = Math.max(1, request.arrivalMs - requests[begun]!.arrivalMs);
    rows.push(...rowOf(requests.slice(begun, i), lastsMs));
    begun = i;
  });
  const samples = rows.length / WINDOW_INPUTS;
  const lifeMs = requests[begun]!.arrivalMs - requests[0]!.arrivalMs;
  return {
    name,
    values: Float32Array.from(rows),
    samples,
    inputs: WINDOW_INPUTS,
    intervalMs: lifeMs / Math.max(1, samples),
  };
}

function rowOf(requests: readonly TrafficRequest[], lastsMs: number): number[] {
  const mean = (value: (request: TrafficRequest) => number) =>
    requests.reduce((sum, request) => sum + value(request), 0) / requests.length;
  return [
    log2(requests.length / lastsMs),
    mean(({ latencyMs }) => log2(1 + latencyMs)),
    log2(1 + requests.reduce((most, { latencyMs }) => Math.max(most, latencyMs), 0)),
    mean(({ contentBytes }) => log2(1 + contentBytes)),
    mean(({ status }) => (status >= 500 ? 1 : 0)),
    mean(({ status }) => (status >= 400 && status < 500 ? 1 : 0)),
  ];
}
