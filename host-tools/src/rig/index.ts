// The rig's public doors: everything that the demo, the benches and the end-to-end tests may use.

export { cacheDir } from "./cache-dir";
export { findEnvoy, type EnvoySource, type FoundEnvoy } from "./envoy-finder";
export { freePort, freePorts } from "./free-port";
export { scratchDir, spawnGuarded, stopAllGuarded, type GuardedChild } from "./process-guard";
export { cpuTimeUs, residentBytes, threadCpuTimeUs } from "./process-usage";
export { runCommand, type CommandResult } from "./run-command";
export type { Fault } from "./upstream/fault-schedule";
export type { LatencyLaw, LlmLaw } from "./upstream/latency-law";
export type { UpstreamCounts, UpstreamSpec } from "./upstream/upstream-server";
export { startUpstreams, type Upstreams } from "./upstream/upstreams";
