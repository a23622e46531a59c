// The third baseline: Envoy's outlier detection, an ejection being its alarm. A model of what its
// documentation says (consecutive_5xx, success_rate, failure_percentage; interval, base ejection time),
// run over the hosts of each route. Hosts are the arms; answers of an ejected host are not seen, because
// it would get no traffic. There is no max_ejection_percent: the default of 10 would let none of three
// hosts go, and nothing would ever be found.

import type { Detector } from "./detector";
import type { SuiteRun } from "./suite-run";

/** Names as in envoy.config.cluster.v3.OutlierDetection. */
export interface OutlierOptions {
  readonly consecutive_5xx: number;
  readonly interval_ms: number;
  readonly base_ejection_time_ms: number;
  readonly success_rate_minimum_hosts: number;
  readonly success_rate_request_volume: number;
  /** Thousandths of a standard deviation below the mean of all hosts. */
  readonly success_rate_stdev_factor: number;
  readonly failure_percentage_threshold: number;
  readonly failure_percentage_minimum_hosts: number;
  readonly failure_percentage_request_volume: number;
  /** Share of ejections by failure percentage that are carried out. */
  readonly enforcing_failure_percentage: 0 | 100;
}

/** What Envoy does where nothing else is said. */
export const ENVOY_DEFAULTS: OutlierOptions = {
  consecutive_5xx: 5,
  interval_ms: 10_000,
  base_ejection_time_ms: 30_000,
  success_rate_minimum_hosts: 5,
  success_rate_request_volume: 100,
  success_rate_stdev_factor: 1900,
  failure_percentage_threshold: 85,
  failure_percentage_minimum_hosts: 5,
  failure_percentage_request_volume: 50,
  enforcing_failure_percentage: 0,
};

class Host {
  consecutive = 0;
  total = 0;
  failed = 0;
  ejections = 0;
  ejectedUntilMs = -1;
}

/** One answer of a host. */
export interface HostAnswer {
  readonly atMs: number;
  readonly host: number;
  readonly isServerError: boolean;
}

/**
 * When hosts of one cluster would be ejected.
 *
 * @param answers in order of time
 * @returns the times of ejections
 */
export function ejections(
  answers: readonly HostAnswer[],
  hostCount: number,
  options: OutlierOptions,
): number[] {
  const hosts = Array.from({ length: hostCount }, () => new Host());
  const ejected: number[] = [];
  const eject = (host: Host, atMs: number): void => {
    host.ejections++;
    host.consecutive = 0;
    host.ejectedUntilMs = atMs + options.base_ejection_time_ms * host.ejections;
    ejected.push(atMs);
  };
  let tickMs = options.interval_ms;
  for (const { atMs, host: index, isServerError } of answers) {
    for (; tickMs <= atMs; tickMs += options.interval_ms) sweep(hosts, tickMs, options, eject);
    const host = hosts[index]!;
    if (atMs < host.ejectedUntilMs) continue;
    host.total++;
    if (isServerError) host.failed++;
    host.consecutive = isServerError ? host.consecutive + 1 : 0;
    if (host.consecutive >= options.consecutive_5xx) eject(host, atMs);
  }
  return ejected;
}

/** The interval is over: rates are compared, counters begin anew, good time forgives an ejection. */
function sweep(
  hosts: readonly Host[],
  nowMs: number,
  options: OutlierOptions,
  eject: (host: Host, atMs: number) => void,
): void {
  const present = hosts.filter((host) => nowMs >= host.ejectedUntilMs);
  const rated = present.filter((host) => host.total >= options.success_rate_request_volume);
  const rate = (host: Host): number => 100 * (1 - host.failed / host.total);
  if (rated.length > 0 && rated.length >= options.success_rate_minimum_hosts) {
    const mean = rated.reduce((sum, host) => sum + rate(host), 0) / rated.length;
    const square = rated.reduce((sum, host) => sum + (rate(host) - mean) ** 2, 0);
    const deviation = Math.sqrt(square / rated.length);
    const bound = mean - (options.success_rate_stdev_factor / 1000) * deviation;
    for (const host of rated) if (rate(host) < bound) eject(host, nowMs);
  }
  if (options.enforcing_failure_percentage > 0) {
    const seen = present.filter((host) => host.total >= options.failure_percentage_request_volume);
    if (seen.length >= options.failure_percentage_minimum_hosts) {
      for (const host of seen) {
        const isOver = 100 - rate(host) >= options.failure_percentage_threshold;
        if (isOver && nowMs >= host.ejectedUntilMs) eject(host, nowMs);
      }
    }
  }
  for (const host of present) {
    if (host.ejections > 0 && nowMs >= host.ejectedUntilMs + options.interval_ms) host.ejections--;
  }
  for (const host of hosts) host.total = host.failed = 0;
}

/** The detector: 1 at every ejection of a host of the key's route. */
export function outlierDetection(name: string, options: OutlierOptions): Detector {
  return {
    name,
    series: (run) =>
      answersOf(run).map((answers, key) => {
        const hosts = run.scenario.routes[key]!.arms.length;
        const atMs = ejections(answers, hosts, options);
        return { atMs, value: atMs.map(() => 1) };
      }),
  };
}

function answersOf({ scenario, status, latencyMs }: SuiteRun): HostAnswer[][] {
  const keys: HostAnswer[][] = scenario.routes.map(() => []);
  scenario.requests.forEach((request, i) => {
    keys[request.route]!.push({
      atMs: request.atMs + (latencyMs[i] ?? 0),
      host: request.arm,
      isServerError: status[i]! >= 500 || status[i] === 0,
    });
  });
  for (const answers of keys) answers.sort((x, y) => x.atMs - y.atMs);
  return keys;
}
