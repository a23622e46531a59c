// The rig's public doors: everything that the demo, the benches and the end-to-end tests may use.

export {
  armRoutes,
  bootstrapJson,
  buildBootstrap,
  type Bootstrap,
  type BootstrapSpec,
  type ClusterSpec,
  type HttpFilter,
  type ListenerSpec,
  type RouteSpec,
  type StatsTag,
  type TypedConfig,
} from "./bootstrap";
export { cacheDir } from "./cache-dir";
export { findEnvoy, type EnvoySource, type FoundEnvoy } from "./envoy-finder";
export { discoveryReloadStat, extensionResource, writeDiscoveryFile } from "./discovery-file";
export { EnvoyAdmin } from "./envoy-admin";
export { startEnvoy, type EnvoyProcess, type StartEnvoyOptions } from "./envoy-process";
export { runFixedLoad, type FixedLoad, type FixedLoadResult } from "./fixed-load";
export { findFortio, runFortio, type FortioReport, type FoundFortio } from "./fortio";
export { freePort, freePorts } from "./free-port";
export { httpGet, type HttpReply } from "./http-get";
export {
  constantArrivals,
  mergeArrivals,
  piecewisePoissonArrivals,
  poissonArrivals,
  type MergedArrivals,
  type RateSegment,
} from "./load/arrivals";
export type { ClosedLoopPlan, ClosedLoopResult } from "./load/closed-loop";
export { startLoadGenerator, type LoadGenerator } from "./load/load-generator";
export type { LoadPlan, RequestTemplate } from "./load/load-plan";
export {
  LoadStatus,
  type CapturedHeader,
  type LoadProgress,
  type LoadResult,
} from "./load/load-result";
export {
  latencyHistogram,
  percentilesOf,
  recordMs,
  summarise,
  type LoadSummary,
  type Percentiles,
} from "./load/load-summary";
export { beforeSignalExit, scratchDir, spawnGuarded, type GuardedChild } from "./process-guard";
export { cpuTimeUs, residentBytes, threadCpuTimeUs } from "./process-usage";
export { runCommand, type CommandResult } from "./run-command";
export { findDataDir, type TraceName, type TraceRequest } from "./traces/trace-file";
export { mergeTraffic, type TrafficColumns } from "./traces/traffic-columns";
export { makeTraffic, type Traffic, type TrafficOptions } from "./traces/traffic";
export type { Fault } from "./upstream/fault-schedule";
export type { LatencyLaw, LlmLaw } from "./upstream/latency-law";
export type { UpstreamCounts, UpstreamSpec } from "./upstream/upstream-server";
export { startUpstreams, type Upstreams } from "./upstream/upstreams";
export {
  discoveredWasmFilter,
  wasmFilter,
  wasmTypedConfig,
  type WasmFilterSpec,
} from "./wasm-filter";
