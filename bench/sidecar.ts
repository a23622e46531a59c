// What a policy's egress scope saves a sidecar: the same caller in a mesh of many services, once told of
// everything, as without a Sidecar object, and once of what `calls` says. Configuration, memory and latency
// of both, side by side.

import { readdirSync, readFileSync } from "node:fs";
import { compilePolicy } from "../host-tools/src/config/policy-compile";
import { sidecar } from "../host-tools/src/istio/sidecar";
import {
  findFortio,
  type FixedLoadResult,
  residentBytes,
  runFixedLoad,
  startUpstreams,
} from "../host-tools/src/rig";
import { eventually, type KubeObject, Mesh, meshService, type Proxy } from "../test/mesh/rig";
import { toldConfig } from "../test/mesh/support/config-dump";
import { withListener } from "../test/mesh/support/with-listener";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { median, rounded } from "./statistics";

const NAMESPACE = "ai-services";
const CROWD = "crowd";
const CROWD_SERVICES = 500;
/** The same for all services, since one listener stands for them. */
const PORT = 8080;
const HOST = `llm-service.${NAMESPACE}.svc.cluster.local`;
const UPSTREAM_MS = 5;
const RATE_HZ = 500;
const CONNECTIONS = 20;
const POLICY = `\
version: 1
mesh: { istio: "1.31", namespace: ${NAMESPACE}, egress: { scope: listed } }
calls: { conversation-service: [llm-service] }
services:
  llm-service: { port: ${PORT}, routes: [{ name: llm, match: { authority: llm-service } }] }
  conversation-service: { routes: [{ name: talk, match: { authority: conversation-service } }] }
`;

/** Each proxy by its scope: everything, or what the policy says. */
const SCOPES = ["wide", "scoped"] as const;
type Scope = (typeof SCOPES)[number];

interface Caller {
  readonly scope: Scope;
  readonly proxy: Proxy;
  readonly loads: FixedLoadResult[];
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const rounds = options.quick ? 1 : 5;
  const fortio = await findFortio({ install: true, onProgress: options.say });
  const law = { kind: "constant", ms: UPSTREAM_MS } as const;
  const upstreams = await startUpstreams([{ name: "llm", law }], { seed: options.seed });
  const namespaces = [NAMESPACE, CROWD];
  const mesh = await Mesh.start({ namespaces, say: options.say });
  try {
    await mesh.apply(services(upstreams.port("llm")));
    const callers: Caller[] = [];
    for (const scope of SCOPES) {
      callers.push({ scope, proxy: await startCaller(mesh, scope), loads: [] });
    }
    for (let round = -1; round < rounds; round++) {
      for (const { scope, proxy, loads } of callers) {
        const load = { address: proxy.ip, port: PORT, host: `${HOST}:${PORT}` };
        const durationMs = round < 0 ? 2000 : options.quick ? 3000 : 10_000;
        const rate = { connections: CONNECTIONS, rateHz: RATE_HZ, durationMs };
        const result = await runFixedLoad({ ...load, ...rate, expectedMs: UPSTREAM_MS }, fortio);
        // The first round opens connections and warms caches.
        if (round >= 0) loads.push(result);
        options.say(`sidecar: ${scope} p50 ${result.p50Ms} p99 ${result.p99Ms} ms`);
      }
    }
    return await report(callers, rounds);
  } finally {
    await mesh.stop();
    await upstreams.stop();
  }
}

function services(port: number): KubeObject[] {
  const endpoints = [{ port }];
  const crowd = Array.from({ length: CROWD_SERVICES }, (_, i) =>
    meshService({ host: `service-${i}`, namespace: CROWD, port: PORT, endpoints }),
  );
  return [
    meshService({ host: "llm-service", namespace: NAMESPACE, port: PORT, endpoints }),
    ...crowd,
  ];
}

async function startCaller(mesh: Mesh, scope: Scope): Promise<Proxy> {
  const ip = mesh.nextIp();
  await mesh.apply(sidecarOf(scope, ip));
  const proxy = await mesh.startProxy({
    name: scope,
    namespace: NAMESPACE,
    kind: "sidecar",
    labels: { app: scope },
    serviceAccount: scope,
    ip,
  });
  await eventually(`an answer by ${scope}`, async () => {
    const reply = await proxy.get(PORT, "/", { headers: { host: `${HOST}:${PORT}` } });
    return reply.status === 200;
  });
  return proxy;
}

/** The policy's Sidecar, or one that hides nothing; with the listener that stands for iptables. */
function sidecarOf(scope: Scope, ip: string): KubeObject {
  const { policy } = compilePolicy(POLICY, "ganglion.yaml");
  const caller = policy.services.find(({ name }) => name === "conversation-service");
  const rendered = caller && sidecar(caller, policy);
  if (rendered === undefined) throw new Error("the policy renders no Sidecar");
  const egress = scope === "wide" ? [{ hosts: ["*/*"] }] : rendered.spec["egress"];
  const object = {
    ...rendered,
    metadata: { name: scope, namespace: NAMESPACE },
    spec: { workloadSelector: { labels: { app: scope } }, egress },
  };
  return withListener(object, ip, PORT);
}

/** Of the Envoy that the agent has started, by whichever of its threads. */
function envoyBytes({ agent }: Proxy): number {
  const tasks = `/proc/${agent.pid}/task`;
  const children = readdirSync(tasks).flatMap((thread) =>
    readFileSync(`${tasks}/${thread}/children`, "utf8").trim().split(" "),
  );
  const [envoy] = children.filter((pid) => pid !== "");
  if (envoy === undefined) throw new Error("the agent has started no Envoy");
  return residentBytes(Number(envoy));
}

async function report(callers: readonly Caller[], rounds: number): Promise<BenchResult> {
  const figures: Record<string, unknown> = {
    generator: callers[0]?.loads[0]?.generator,
    rounds,
    services: CROWD_SERVICES + 1,
  };
  for (const { scope, proxy, loads } of callers) {
    const told = await toldConfig(proxy.admin);
    figures[`${scope}_clusters`] = told.clusters.size;
    figures[`${scope}_config_kib`] = Math.round(told.bytes / 1024);
    figures[`${scope}_resident_mib`] = rounded(envoyBytes(proxy) / 1_048_576, 1);
    figures[`${scope}_p50_ms`] = rounded(median(loads.map(({ p50Ms }) => p50Ms)), 3);
    figures[`${scope}_p99_ms`] = rounded(median(loads.map(({ p99Ms }) => p99Ms)), 3);
  }
  const saved = (what: string): number => {
    const [wide, scoped] = SCOPES.map((scope) => Number(figures[`${scope}_${what}`]));
    return rounded(100 * (1 - (scoped ?? 0) / (wide ?? 1)), 1);
  };
  figures["config_saved_pct"] = saved("config_kib");
  figures["resident_saved_pct"] = saved("resident_mib");
  figures["failed"] = callers.flatMap(({ loads }) => loads).reduce((n, one) => n + one.failed, 0);
  return { figures };
}

export const bench: Bench = {
  name: "sidecar",
  summary: "what a policy's egress scope saves a sidecar in a mesh of 501 services",
  run,
};
