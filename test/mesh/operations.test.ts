// Security and operations of a policy on a real control plane: istiod and Envoy take every object, and
// each limit does what the policy says.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectCluster } from "../../host-tools/src/cluster";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { clusterDifferences } from "../../host-tools/src/diff/cluster-differences";
import { filterImage } from "../../host-tools/src/istio/filter-object";
import { type Manifest, manifests } from "../../host-tools/src/manifests/manifests";
import { httpGet } from "../../host-tools/src/rig";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { eventually, type KubeObject, Mesh, meshCanRun, type Proxy } from "./rig";
import { operatorCrds } from "./support/crd-modules";
import { type Echo, startEcho } from "./support/echo";
import { type RateLimitService, startRateLimitService } from "./support/rate-limit-service";
import { rejectedUpdates, xdsRejects } from "./support/xds-rejects";
import { hostHeader, SERVICE_PORT, startWorkload } from "./support/workload";

const NAMESPACE = "ai-services";
const CHAT = "/api/llm/chat";
/** Far below what the clients ask for, on a slow and busy machine too. */
const LIMIT_RPS = 40;
const LOAD_MS = 4000;
const CLIENTS = 8;

/** @param rls members of the rate limit service */
const policyText = (rls: string, service: string): string => `\
version: 1
mesh:
  istio: "1.31"
  namespace: ${NAMESPACE}
  workloads: { app: conversation-service }
  mtls: strict
  deny_by_default: true
  tracing: { provider: otel, tags: { user.tier: { header: x-user-tier, default: none } } }
  access_log: {}
  prometheus: {}
  dashboard: {}
  envoy_gateway: { name: public }
  argo_rollouts: true
  rate_limit_service: ${rls}
services:
  llm-service:
    port: ${SERVICE_PORT}
    allow: [{ from: [conversation-service], methods: [POST], paths: [/api/llm/*] }]
    scaling: { by: keda, replicas_max: 5, signal: { requests_per_second: 50 } }
    endpoint_override: x-gateway-destination-endpoint
${service}
    routes: [{ name: chat, match: { path_prefix: /api/llm } }]
`;
const GLOBAL = `\
    global_limits:
      - name: tier
        key: { header: x-user-tier }
        requests_per_second: { free: 10, premium: 100 }
      - { name: all, requests_per_second: 500 }`;
const LOCAL = `    local_limits: { requests_per_second: ${LIMIT_RPS} }`;

describe.runIf(await meshCanRun())("security and operations on a real control plane", () => {
  let mesh: Mesh;
  let echo: Echo;
  let limits: RateLimitService;
  let llm: Proxy;
  let conversation: Proxy;
  let image: string;

  beforeAll(async () => {
    limits = await startRateLimitService((texts) => texts.includes("blocked"));
    echo = await startEcho(["llm"]);
    mesh = await Mesh.start({ namespaces: [NAMESPACE], crds: await operatorCrds() });
    image = (await mesh.registry.push(await readFilterModule(), "filter")).reference;
    const at = { namespace: NAMESPACE };
    [llm, conversation] = await Promise.all([
      startWorkload(mesh, { ...at, name: "llm-service", appPort: echo.ports["llm"]! }),
      startWorkload(mesh, { ...at, name: "conversation-service" }),
    ]);
  });
  afterAll(async () => {
    await mesh?.stop();
    await Promise.all([echo?.stop(), limits?.stop()]);
  });

  const rendered = (rls: string, service: string): Manifest[] => {
    const { policy, config } = compilePolicy(policyText(rls, service), "ganglion.yaml");
    return manifests(policy, config, { kind: "TrafficExtension", image: filterImage(image) });
  };
  const applied = async (list: readonly Manifest[]): Promise<void> => {
    await mesh.apply(list.map(({ object }) => ({ ...object }) as KubeObject));
  };
  const call = async (headers: Record<string, string> = {}) =>
    conversation.get(SERVICE_PORT, CHAT, {
      method: "POST",
      headers: { ...hostHeader("llm-service", NAMESPACE), ...headers },
    });
  // The service answers at once; how long it is waited for is another test's business.
  const liveService = () =>
    `{ host: limits.localhost, port: ${limits.port}, mtls: false, timeout_ms: 10000 }`;

  it("take every object, and the call goes through all of them", async () => {
    await applied(rendered(liveService(), GLOBAL));
    await eventually("a counted call", async () => {
      return (await call()).status === 200 && limits.asked.length > 0;
    });
    expect(await xdsRejects(mesh)).toBe(0);
    for (const proxy of [llm, conversation]) expect(await rejectedUpdates(proxy)).toEqual([]);
  });

  it("count by service and tier, also where the header is missing", async () => {
    limits.asked.length = 0;
    expect((await call({ "x-user-tier": "free" })).status).toBe(200);
    expect((await call()).status).toBe(200);
    const all = ["service", "llm-service", "limit", "all"];
    const tier = (value: string) => ["service", "llm-service", "tier", value];
    expect(limits.asked).toEqual([
      ["ganglion", ...tier("free"), ...all],
      ["ganglion", ...tier("none"), ...all],
    ]);
  });

  it("refuse with 429 what the service says is over", async () => {
    expect((await call({ "x-user-tier": "blocked" })).status).toBe(429);
  });

  it("let calls pass or refuse them while the service is dead, as the policy says", async () => {
    const dead = (deny: boolean) =>
      rendered(
        `{ host: limits.localhost, port: 1, mtls: false, deny_on_failure: ${deny} }`,
        GLOBAL,
      );
    await applied(dead(true));
    await eventually("a refusal", async () => (await call()).status === 500);
    await applied(dead(false));
    await eventually("a pass", async () => (await call()).status === 200);
  });

  it("take a cluster of the rate limit service with the mesh's own TLS", async () => {
    await applied(rendered(`{ host: ratelimit.${NAMESPACE}.svc.cluster.local }`, GLOBAL));
    await eventually("the cluster", async () => {
      const clusters = await httpGet(
        llm.admin.port,
        "/config_dump?resource=dynamic_active_clusters",
      );
      return clusters.body.includes(`outbound_.8081_._.ratelimit.${NAMESPACE}.svc.cluster.local`);
    });
    expect(await rejectedUpdates(llm)).toEqual([]);
    // As a policy without the limit says; the next test counts on their absence.
    const { client } = mesh;
    const filter = ["EnvoyFilter", "llm-service-global-limit", NAMESPACE] as const;
    await client.delete("networking.istio.io/v1alpha3", ...filter);
    const callers = ["AuthorizationPolicy", "ratelimit-callers", NAMESPACE] as const;
    await client.delete("security.istio.io/v1", ...callers);
  });

  it("admit a local limit's number per second and proxy, and mark the refusals", async () => {
    await applied(rendered(liveService(), LOCAL));
    await eventually("a refusal", async () => {
      const replies = await Promise.all(Array.from({ length: 50 }, () => call()));
      return replies.some(({ status }) => status === 429);
    });
    const startedMs = performance.now();
    const statuses = new Map<number, number>();
    const unmarked: number[] = [];
    const client = async (): Promise<void> => {
      while (performance.now() - startedMs < LOAD_MS) {
        const { status, headers } = await call();
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 429 && headers["x-local-rate-limit"] !== "true") unmarked.push(status);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const seconds = (performance.now() - startedMs) / 1000;
    const admitted = (statuses.get(200) ?? 0) / seconds;
    process.stderr.write(`local limit: ${admitted.toFixed(1)} of ${LIMIT_RPS} per second\n`);
    expect([...statuses.keys()].sort()).toEqual([200, 429]);
    expect(unmarked).toEqual([]);
    expect(admitted).toBeGreaterThan(LIMIT_RPS * 0.95);
    // The bucket may be full once when counting begins.
    expect(admitted).toBeLessThan(LIMIT_RPS * 1.05 + LIMIT_RPS / seconds);
  });

  it("have the endpoint's header in the caller's cluster", async () => {
    const dump = await httpGet(
      conversation.admin.port,
      "/config_dump?resource=dynamic_active_clusters",
    );
    expect(dump.body).toContain("envoy.load_balancing_policies.override_host");
    expect(dump.body).toContain("x-gateway-destination-endpoint");
    expect((await call({ "x-gateway-destination-endpoint": `${llm.ip}:1` })).status).not.toBe(503);
  });

  it("differ from the policy only where somebody has changed or removed something", async () => {
    const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig });
    const objects = rendered(liveService(), LOCAL);
    const compare = () =>
      clusterDifferences({ cluster, objects, namespace: NAMESPACE, isPushed: true });
    expect(await compare()).toEqual([]);
    await mesh.apply({
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name: "ganglion", namespace: NAMESPACE },
      spec: { mtls: { mode: "PERMISSIVE" } },
    });
    await mesh.client.delete("telemetry.istio.io/v1", "Telemetry", "ganglion", NAMESPACE);
    const [old] = objects.filter(({ object }) => object.kind === "TrafficExtension");
    const left = { ...old!.object, metadata: { ...old!.object.metadata, name: "older" } };
    await mesh.apply({ ...left });
    expect((await compare()).map(({ state, object }) => `${state} ${object}`).sort()).toEqual([
      `changed PeerAuthentication ${NAMESPACE}/ganglion`,
      `extra TrafficExtension ${NAMESPACE}/older`,
      `missing Telemetry ${NAMESPACE}/ganglion`,
    ]);
  });
});
