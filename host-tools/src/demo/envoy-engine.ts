// Runs the scenario on real Envoys: one with the filter, one without, each with upstreams and a load
// generator of its own, at the same time and from the same list of requests. At the same time rather
// than in turn, because whatever else the machine does then happens to both.
//
// Without the filter Envoy balances by least request over the three arms, as Istio does where nobody
// has said anything: the best that it has without looking at latency.

import { filterModulePath } from "../lib/filter-module";
import { armRoutes, buildBootstrap, type ClusterSpec } from "../rig/bootstrap";
import type { Bootstrap, HttpFilter, RouteSpec } from "../rig/bootstrap";
import { startEnvoy, type EnvoyProcess } from "../rig/envoy-process";
import { startLoadGenerator, type LoadGenerator } from "../rig/load/load-generator";
import type { LoadPlan } from "../rig/load/load-plan";
import type { LoadProgress } from "../rig/load/load-result";
import { startUpstreams, type Upstreams } from "../rig/upstream/upstreams";
import { wasmFilter } from "../rig/wasm-filter";
import type { DemoConfiguration } from "./demo-policy";
import { ARM_ECHO, ECHOES, runOfLoad, SCORE_ECHO, type DemoRun } from "./demo-run";
import { tenantRequest, type DemoTraffic } from "./demo-traffic";
import type { OnProgress, Side } from "./progress";
import { faultsOf, type Scenario } from "./scenario";

export const WORKERS = 2;
const LISTENER = "demo";
const CONNECTIONS_MAX = 4000;
/** Time for the children to agree on the start. */
const PROGRESS_MS = 250;

export interface EngineInput {
  readonly scenario: Scenario;
  readonly traffic: DemoTraffic;
  readonly configuration: DemoConfiguration;
  readonly seed: number;
  readonly onProgress: OnProgress;
}

export interface EngineOutput {
  readonly with: DemoRun;
  readonly without: DemoRun;
}

/** Everything that one side needs, running. */
interface Rig {
  readonly side: Side;
  readonly upstreams: Upstreams;
  readonly envoy: EnvoyProcess;
  readonly load: LoadGenerator;
}

/**
 * @param binary the Envoy, from `findEnvoy`
 * @param onReady called when everything runs and the traffic is about to begin
 * @throws GanglionError E_ENVOY_START, E_RIG_CHILD
 */
export async function runOnEnvoy(
  input: EngineInput,
  binary: string,
  onReady: () => void = () => {},
): Promise<EngineOutput> {
  const rigs: Rig[] = [];
  try {
    rigs.push(
      ...(await Promise.all([startRig("with", input, binary), startRig("without", input, binary)])),
    );
    onReady();
    const [withFilter, without] = await Promise.all(rigs.map((rig) => drive(rig, input)));
    return { with: withFilter!, without: without! };
  } finally {
    await Promise.all(rigs.map(stopRig));
  }
}

async function startRig(side: Side, input: EngineInput, binary: string): Promise<Rig> {
  const upstreams = await startUpstreams(
    input.scenario.arms.map(({ name, law, slots }) => {
      return { name, law, slots, faults: faultsOf(input.scenario, name) };
    }),
    { seed: input.seed },
  );
  try {
    const [envoy, load] = await Promise.all([
      startEnvoy({
        binary,
        bootstrap: bootstrapOf(side, input, upstreams),
        concurrency: WORKERS,
      }),
      startLoadGenerator(),
    ]);
    return { side, upstreams, envoy, load };
  } catch (error) {
    await upstreams.stop();
    throw error;
  }
}

async function stopRig({ upstreams, envoy, load }: Rig): Promise<void> {
  await Promise.all([load.stop(), envoy.stop(), upstreams.stop()]);
}

function bootstrapOf(side: Side, input: EngineInput, upstreams: Upstreams): Bootstrap {
  const { arms } = input.scenario;
  const ports = arms.map(({ name }) => ({ port: upstreams.port(name) }));
  if (side === "without") {
    const cluster = { name: "llm-service", endpoints: ports };
    return leastRequest(build([], [{ cluster: cluster.name, timeoutMs: 0 }], [cluster]));
  }
  const clusters = arms.map(({ name }, i) => ({ name, endpoints: [ports[i]!] }));
  const byName = Object.fromEntries(arms.map(({ name }) => [name, name]));
  const filter = wasmFilter({
    name: "ganglion",
    rootId: "ganglion",
    wasmPath: filterModulePath(),
    configurationJson: input.configuration.pluginConfig,
  });
  return build([filter], armRoutes(byName, arms[0]!.name), clusters);
}

function build(
  httpFilters: readonly HttpFilter[],
  routes: readonly RouteSpec[],
  clusters: readonly ClusterSpec[],
): Bootstrap {
  const listeners = [{ name: LISTENER, port: 0, httpFilters, routes }];
  return buildBootstrap({ listeners, clusters });
}

/** Istio's default; Envoy's own would be round robin. */
function leastRequest(bootstrap: Bootstrap): Bootstrap {
  const resources = bootstrap["static_resources"] as { clusters: object[] };
  const clusters = resources.clusters.map((one) => ({ ...one, lb_policy: "LEAST_REQUEST" }));
  return { ...bootstrap, static_resources: { ...resources, clusters } };
}

async function drive(rig: Rig, input: EngineInput): Promise<DemoRun> {
  const { scenario, traffic, onProgress } = input;
  const plan: LoadPlan = {
    target: { port: rig.envoy.port(LISTENER) },
    templates: scenario.tenants.map(tenantRequest),
    ...traffic.columns,
    connectionsMax: CONNECTIONS_MAX,
    timeoutMs: scenario.timeoutMs,
    captureHeaders: ECHOES,
    progressEveryMs: PROGRESS_MS,
  };
  await rig.upstreams.start();
  const result = await rig.load.openLoop(plan, (progress) => {
    onProgress({ side: rig.side, elapsedMs: progress.elapsedMs, ended: endedOf(progress) });
  });
  return runOfLoad(result, scenario);
}

function endedOf({ window }: LoadProgress) {
  return {
    latencyMs: window.latencyMs,
    status: window.status,
    tenant: window.template,
    arms: window.captured[ARM_ECHO] ?? {},
    scores: window.captured[SCORE_ECHO] ?? {},
  };
}
