// Runs a scenario on a real Envoy: the same requests at the same times, arms as upstreams of the rig with
// the same schedules. Which arm gets a request is in the scenario, so Envoy routes by a header; refusals
// come from upstreams that do nothing else. Each arm is a cluster with Envoy's own outlier detection; what
// it ejects is noted beside what the filter says.

import { filterModulePath } from "../lib/filter-module";
import { buildBootstrap, type Bootstrap, type RouteSpec } from "../rig/bootstrap";
import { startEnvoy, type EnvoyProcess } from "../rig/envoy-process";
import { startLoadGenerator } from "../rig/load/load-generator";
import type { LoadPlan, RequestTemplate } from "../rig/load/load-plan";
import type { LoadResult } from "../rig/load/load-result";
import { startUpstreams } from "../rig/upstream/upstreams";
import type { UpstreamSpec } from "../rig/upstream/upstream-server";
import { wasmFilter } from "../rig/wasm-filter";
import { READ_HEADERS, readFilter } from "./filter-reading";
import { ownHeaders } from "./request-headers";
import type { Scenario, SuiteRequest } from "./scenario";
import { refusingArm } from "./suite-routes";
import { emptySuiteRun, noteReading, type SuiteRun } from "./suite-run";

export interface EnvoyRunOptions {
  /** The executable, from `findEnvoy`. */
  readonly binary: string;
  readonly pluginConfig: string;
  /** Default 1: what the filter learns is per worker. */
  readonly workers?: number;
  readonly say?: (line: string) => void;
}

export interface EnvoySuiteRun extends SuiteRun {
  /** When outlier detection ejected an arm, by route, to the poll's precision. */
  readonly ejectionsMs: readonly (readonly number[])[];
  /** 99th percentile of how late the generator sent. */
  readonly lagP99Ms: number;
}

const LISTENER = "suite";
const ARM_HEADER = "x-suite-arm";
const ECHO = "x-echo-";
const CONNECTIONS_MAX = 2000;
const POLL_MS = 250;
const REFUSALS = [401, 404] as const;

/** @throws GanglionError E_ENVOY_START, E_RIG_CHILD */
export async function runEnvoySuite(
  scenario: Scenario,
  options: EnvoyRunOptions,
): Promise<EnvoySuiteRun> {
  const { say = () => {} } = options;
  const started: { stop(): Promise<void> }[] = [];
  try {
    const upstreams = await startUpstreams(upstreamSpecs(scenario), { seed: scenario.seed });
    started.push(upstreams);
    const load = await startLoadGenerator();
    started.push(load);
    const bootstrap = bootstrapOf(scenario, options.pluginConfig, upstreams.ports);
    const concurrency = options.workers ?? 1;
    const envoy = await startEnvoy({ binary: options.binary, bootstrap, concurrency });
    started.push(envoy);
    const plan = loadPlan(scenario, envoy.port(LISTENER));
    const watch = new EjectionWatch(envoy, scenario);
    await upstreams.start();
    watch.start();
    let nextSayMs = 20_000;
    const result = await load.openLoop(plan, ({ elapsedMs, completed }) => {
      if (elapsedMs < nextSayMs) return;
      nextSayMs += 20_000;
      say(`  ${Math.round(elapsedMs / 1000)} s, ${completed} requests answered`);
    });
    const ejectionsMs = await watch.stop();
    return { ...suiteRunOf(scenario, result), ejectionsMs, lagP99Ms: lagP99(result) };
  } finally {
    await Promise.allSettled(started.reverse().map((one) => one.stop()));
  }
}

function upstreamSpecs({ routes, armFaults }: Scenario): UpstreamSpec[] {
  const arms = routes.flatMap((route, r) =>
    route.arms.map((arm, a) => ({ ...arm, faults: armFaults[r]![a]! })),
  );
  const refusing = REFUSALS.map((status) => {
    const always = { atMs: 0, untilMs: Number.MAX_VALUE, errorPermille: 1000, errorStatus: status };
    return { ...refusingArm(status), faults: [always] };
  });
  return [...arms, ...refusing];
}

function bootstrapOf(
  scenario: Scenario,
  configurationJson: string,
  ports: Readonly<Record<string, number>>,
): Bootstrap {
  const names = Object.keys(ports);
  const routes: RouteSpec[] = names.map((name) => {
    return { name, match: { prefix: "/", headers: { [ARM_HEADER]: name } }, cluster: name };
  });
  const filter = wasmFilter({
    name: "ganglion",
    rootId: "ganglion",
    wasmPath: filterModulePath(),
    configurationJson,
  });
  const bootstrap = buildBootstrap({
    listeners: [{ name: LISTENER, port: 0, httpFilters: [filter], routes, exactBalance: true }],
    clusters: names.map((name) => ({ name, endpoints: [{ port: ports[name]! }] })),
  });
  return withOutlierDetection(bootstrap, armNames(scenario).flat());
}

function armNames({ routes }: Scenario): string[][] {
  return routes.map((route) => route.arms.map((arm) => arm.name));
}

/**
 * Envoy's own defaults, on the arms and not on what refuses by design. Each cluster has one host, which
 * the default bound of 10 % ejected would never let go; traffic stays, because a cluster without healthy
 * hosts panics.
 */
function withOutlierDetection(bootstrap: Bootstrap, arms: readonly string[]): Bootstrap {
  const resources = bootstrap["static_resources"] as { clusters: { name: string }[] };
  const clusters = resources.clusters.map((cluster) =>
    arms.includes(cluster.name)
      ? { ...cluster, outlier_detection: { max_ejection_percent: 100 } }
      : cluster,
  );
  return { ...bootstrap, static_resources: { ...resources, clusters } };
}

function loadPlan(scenario: Scenario, port: number): LoadPlan {
  const { requests } = scenario;
  const templates: RequestTemplate[] = [];
  const known = new Map<string, number>();
  const template = Uint16Array.from(requests, (request) => {
    const made = templateOf(scenario, request);
    const key = JSON.stringify(made);
    let index = known.get(key);
    if (index === undefined) {
      index = templates.push(made) - 1;
      known.set(key, index);
    }
    return index;
  });
  return {
    target: { port },
    templates,
    template,
    intendedMs: Float64Array.from(requests, ({ atMs }) => atMs),
    promptTokens: Uint32Array.from(requests, ({ promptTokens }) => promptTokens),
    outputTokens: Uint32Array.from(requests, ({ outputTokens }) => outputTokens),
    connectionsMax: CONNECTIONS_MAX,
    captureHeaders: READ_HEADERS.map((name) => ECHO + name),
  };
}

function templateOf({ routes }: Scenario, request: SuiteRequest): RequestTemplate {
  const route = routes[request.route]!;
  const { answer, method, path, contentBytes } = request;
  const arm = answer === 0 ? route.arms[request.arm]!.name : refusingArm(answer).name;
  return {
    tag: route.name,
    method,
    path,
    headers: { ...ownHeaders(route, request), [ARM_HEADER]: arm },
    bodyBytes: contentBytes,
  };
}

function suiteRunOf(scenario: Scenario, result: LoadResult): SuiteRun {
  const run = emptySuiteRun(scenario);
  scenario.requests.forEach((_, i) => {
    run.status[i] = Math.max(0, result.status[i]!);
    run.ttfbMs[i] = result.ttfbMs[i]!;
    run.latencyMs[i] = result.latencyMs[i]!;
    const reading = readFilter((name) => {
      const column = result.captured[ECHO + name];
      return column?.values[column.index[i]!];
    });
    noteReading(run, i, reading);
  });
  return run;
}

function lagP99({ lagMs }: LoadResult): number {
  const sorted = Float32Array.from(lagMs).sort();
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}

/** Reads Envoy's ejection counters while the run goes on. */
class EjectionWatch {
  private readonly arms: readonly (readonly string[])[];
  private readonly ejectionsMs: number[][];
  private counts: number[];
  private isOver = false;
  private done: Promise<void> = Promise.resolve();

  constructor(
    private readonly envoy: EnvoyProcess,
    scenario: Scenario,
  ) {
    this.arms = armNames(scenario);
    this.ejectionsMs = this.arms.map(() => []);
    this.counts = this.arms.map(() => 0);
  }

  start(): void {
    const beginMs = performance.now();
    const poll = async (): Promise<void> => {
      while (!this.isOver) {
        const stats = await this.envoy.admin.stats("outlier_detection.ejections_enforced_total");
        const nowMs = performance.now() - beginMs;
        this.arms.forEach((arms, route) => {
          const count = arms.reduce((sum, arm) => {
            return (
              sum + (stats.get(`cluster.${arm}.outlier_detection.ejections_enforced_total`) ?? 0)
            );
          }, 0);
          if (count > this.counts[route]!) this.ejectionsMs[route]!.push(nowMs);
          this.counts[route] = count;
        });
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    };
    this.done = poll();
  }

  async stop(): Promise<number[][]> {
    this.isOver = true;
    await this.done;
    return this.ejectionsMs;
  }
}
