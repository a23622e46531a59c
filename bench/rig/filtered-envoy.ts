// A real Envoy with our filter, its upstreams and a load generator, for benches that need all of
// them. The filter's configuration comes from a discovery file, also where a bench never changes
// it: one way in for all benches. The module is copied first, because a rebuild in another terminal
// would otherwise look to Envoy like new code at the next push: a new VM, and everything learnt
// lost.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { filterModulePath } from "../../host-tools/src/lib/filter-module";
import {
  buildBootstrap,
  discoveredWasmFilter,
  discoveryReloadStat,
  extensionResource,
  findEnvoy,
  scratchDir,
  startEnvoy,
  startLoadGenerator,
  startUpstreams,
  wasmTypedConfig,
  writeDiscoveryFile,
  type Bootstrap,
  type ClusterSpec,
  type EnvoyProcess,
  type HttpFilter,
  type LoadGenerator,
  type RouteSpec,
  type UpstreamSpec,
  type Upstreams,
} from "../../host-tools/src/rig";
import { readFilterMetrics, type FilterMetrics } from "./filter-metrics";

/** Envoy's own policies that a cluster over all upstreams can use. */
export type BalancingPolicy = "ROUND_ROBIN" | "LEAST_REQUEST";

export interface FilteredEnvoySpec {
  readonly seed: number;
  /** Worker threads. */
  readonly workers: number;
  readonly upstreams: readonly UpstreamSpec[];
  readonly routes: readonly RouteSpec[];
  /** Our filter's configuration as it reaches it; undefined leaves the filter out. */
  readonly configurationJson?: string;
  /** Filters of Envoy's own, in front of the router. */
  readonly nativeFilters?: readonly HttpFilter[];
  /** Adds a cluster `all` over every upstream, balanced by this policy. */
  readonly balanced?: BalancingPolicy;
  readonly say?: (line: string) => void;
}

const LISTENER = "main";
const FILTER = "ganglion";
/** Name of the cluster over every upstream. */
export const ALL_UPSTREAMS = "all";

export class FilteredEnvoy {
  constructor(
    readonly envoy: EnvoyProcess,
    readonly upstreams: Upstreams,
    readonly generator: LoadGenerator,
    private readonly discovery: Discovery | undefined,
  ) {}

  /** Loopback port that takes the traffic. */
  get port(): number {
    return this.envoy.port(LISTENER);
  }

  /** Puts a configuration where Envoy finds it; the workers take it a few milliseconds later. */
  push(configurationJson: string): void {
    this.discovery?.push(configurationJson);
  }

  /** Pushes, and waits until Envoy's main thread has taken it over. */
  async pushAndWait(configurationJson: string): Promise<void> {
    const stat = discoveryReloadStat(FILTER);
    const already = await this.envoy.admin.stat(stat);
    this.push(configurationJson);
    await this.envoy.admin.waitForStat(stat, already + 1);
  }

  metrics(): Promise<FilterMetrics> {
    return readFilterMetrics(this.envoy.admin);
  }

  /** Stops all three processes, each in any case. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.generator.stop(), this.envoy.stop(), this.upstreams.stop()]);
  }
}

/** The discovery file and the module that it names. */
class Discovery {
  private readonly path: string;
  private readonly wasmPath: string;

  constructor() {
    const dir = scratchDir("bench");
    this.path = join(dir, "filter.json");
    this.wasmPath = join(dir, "ganglion.wasm");
    copyFileSync(filterModulePath(), this.wasmPath);
  }

  push(configurationJson: string): void {
    const spec = { name: FILTER, rootId: FILTER, wasmPath: this.wasmPath, configurationJson };
    writeDiscoveryFile(this.path, [extensionResource(FILTER, wasmTypedConfig(spec))]);
  }

  filter(): HttpFilter {
    return discoveredWasmFilter(FILTER, this.path);
  }
}

/** Starts everything; what was started is stopped again if the rest fails. */
export async function startFilteredEnvoy(spec: FilteredEnvoySpec): Promise<FilteredEnvoy> {
  const { path: binary } = await findEnvoy({ install: true, onProgress: spec.say ?? (() => {}) });
  const upstreams = await startUpstreams(spec.upstreams, { seed: spec.seed });
  const started: { stop(): Promise<void> }[] = [upstreams];
  try {
    const generator = await startLoadGenerator();
    started.push(generator);
    const discovery = spec.configurationJson === undefined ? undefined : new Discovery();
    if (spec.configurationJson !== undefined) discovery?.push(spec.configurationJson);
    const bootstrap = bootstrapOf(spec, upstreams.ports, discovery);
    const envoy = await startEnvoy({ binary, bootstrap, concurrency: spec.workers });
    return new FilteredEnvoy(envoy, upstreams, generator, discovery);
  } catch (error) {
    await Promise.allSettled(started.map((each) => each.stop()));
    throw error;
  }
}

function bootstrapOf(
  spec: FilteredEnvoySpec,
  ports: Readonly<Record<string, number>>,
  discovery: Discovery | undefined,
): Bootstrap {
  const own = Object.entries(ports).map(([name, port]) => ({ name, endpoints: [{ port }] }));
  const all = { name: ALL_UPSTREAMS, endpoints: Object.values(ports).map((port) => ({ port })) };
  const clusters: ClusterSpec[] = spec.balanced === undefined ? own : [...own, all];
  const httpFilters = [...(discovery ? [discovery.filter()] : []), ...(spec.nativeFilters ?? [])];
  const bootstrap = buildBootstrap({
    listeners: [{ name: LISTENER, port: 0, httpFilters, routes: spec.routes, exactBalance: true }],
    clusters,
  });
  return spec.balanced === undefined ? bootstrap : withPolicy(bootstrap, spec.balanced);
}

/** The bootstrap with the policy on the cluster over all upstreams. */
function withPolicy(bootstrap: Bootstrap, policy: BalancingPolicy): Bootstrap {
  const resources = bootstrap.static_resources as { clusters: { name: string }[] };
  const clusters = resources.clusters.map((cluster) =>
    cluster.name === ALL_UPSTREAMS ? { ...cluster, lb_policy: policy } : cluster,
  );
  return { ...bootstrap, static_resources: { ...resources, clusters } };
}
