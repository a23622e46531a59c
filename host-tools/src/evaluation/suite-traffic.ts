// A run of the fault suite as the filter met it: requests with their outcomes, for layers that are
// run one by one.

import { headerList } from "../faults/request-headers";
import type { SuiteRun } from "../faults/suite-run";
import type { TrafficRequest } from "../model/traffic";

/** The clock at a run's start: times are above 0. */
const CLOCK_START_MS = 3_600_000;
/** HTTP/1.1 takes two bytes between a header's name and value, and so counts the filter. */
const SEPARATOR_BYTES = 2;

/** Requests of one key, and where each stands in the run. */
export interface KeyTraffic {
  readonly requests: readonly TrafficRequest[];
  readonly indexes: readonly number[];
}

/** The run's requests by key, in order of arrival. */
export function trafficByKey(run: SuiteRun): KeyTraffic[] {
  const keys = run.scenario.routes.map(() => ({
    requests: [] as TrafficRequest[],
    indexes: [] as number[],
  }));
  run.scenario.requests.forEach(({ route }, i) => {
    keys[route]!.requests.push(asTraffic(run, i));
    keys[route]!.indexes.push(i);
  });
  return keys;
}

function asTraffic({ scenario, status, ttfbMs, latencyMs }: SuiteRun, i: number): TrafficRequest {
  const request = scenario.requests[i]!;
  const route = scenario.routes[request.route]!;
  const headers = headerList(route, request);
  const query = request.path.indexOf("?");
  const path = query < 0 ? request.path : request.path.slice(0, query);
  const bytes = headers.reduce((sum, [name, value]) => {
    return sum + name.length + value.length + SEPARATOR_BYTES;
  }, 0);
  return {
    arrivalMs: CLOCK_START_MS + request.atMs,
    route: route.name,
    unsafeMethod: request.method === "GET" ? 0 : 1,
    path,
    pathBytes: path.length,
    queryBytes: query < 0 ? 0 : request.path.length - query - 1,
    headerBytes: bytes,
    headerCount: headers.length,
    contentBytes: request.contentBytes,
    ttfbMs: known(ttfbMs[i]!),
    latencyMs: known(latencyMs[i]!),
    status: status[i]!,
    limited: false,
    faulty: false,
    attempt: request.attempt,
  };
}

/** Where no answer came there is no time either. */
function known(ms: number): number {
  return Number.isNaN(ms) ? 0 : ms;
}
