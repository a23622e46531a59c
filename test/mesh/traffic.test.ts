// The assistant's objects of traffic on a real control plane: the numbers of the policy are the
// numbers of the Envoys, and the rules do what they say.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type KubeObject, Mesh, meshCanRun, meshService, type Proxy } from "./rig";
import { assistantPolicy, ONE_PORT } from "../support/assistant-policy";
import { toldConfig } from "./support/config-dump";
import { type Echo, startEcho } from "./support/echo";
import { policyObjects } from "./support/policy-objects";
import { withListener } from "./support/with-listener";

const NAMESPACE = "ai-services";
const CROWD = "crowd";
const CROWD_SERVICES = 200;
const SESSIONS = 100;
const CALLS_PER_SESSION = 4;
const host = (service: string): string => `${service}.${NAMESPACE}.svc.cluster.local`;
const cluster = (service: string, subset = ""): string =>
  `outbound|${ONE_PORT}|${subset}|${host(service)}`;

const ofKinds = (...kinds: string[]): KubeObject[] =>
  policyObjects(assistantPolicy).filter(({ kind }) => kinds.includes(kind));

describe.runIf(await meshCanRun())("the assistant's traffic", () => {
  let mesh: Mesh;
  let echo: Echo;
  let gateway: Proxy;
  let caller: Proxy;

  beforeAll(async () => {
    echo = await startEcho(["v1", "mini", "v2", "store-1", "store-2", "store-3", "talk"]);
    mesh = await Mesh.start({ proxies: 1, namespaces: [NAMESPACE, CROWD] });
    [gateway] = mesh.proxies as [Proxy];
    const ip = mesh.nextIp();
    await mesh.apply([...services(echo), ...crowd(echo), wideSidecar(ip)]);
    await mesh.apply(ofKinds("DestinationRule", "VirtualService", "ServiceEntry"));
    await mesh.apply(ofKinds("Gateway").map((object) => bound(object, gateway.ip)));
    caller = await mesh.startProxy({
      name: "conversation-service",
      namespace: NAMESPACE,
      kind: "sidecar",
      labels: { app: "conversation-service" },
      serviceAccount: "conversation-service",
      ip,
    });
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  it("has the pool, the breaker and the balancer of the model in its callers' Envoys", async () => {
    const told = await eventually("the model's cluster", async () => {
      const { clusters } = await toldConfig(caller.admin);
      return clusters.get(cluster("llm-service"));
    });
    expect(told).toMatchObject({
      connect_timeout: "5s",
      lb_policy: "LEAST_REQUEST",
      circuit_breakers: {
        thresholds: [
          { max_connections: 100, max_pending_requests: 200, max_requests: 1000, max_retries: 3 },
        ],
      },
      outlier_detection: {
        consecutive_5xx: 5,
        consecutive_gateway_failure: 5,
        interval: "10s",
        base_ejection_time: "30s",
        max_ejection_percent: 50,
      },
    });
    expect(JSON.stringify(told)).toContain('"max_requests_per_connection":100');
    expect(JSON.stringify(told)).toContain("http2_protocol_options");
    const { clusters } = await toldConfig(caller.admin);
    expect(clusters.get(cluster("llm-service", "v1"))).toMatchObject({
      circuit_breakers: { thresholds: [{ max_connections: 50, max_requests: 1000 }] },
    });
    expect([...clusters.keys()]).toEqual(
      expect.arrayContaining([cluster("llm-service", "mini"), cluster("llm-service", "v2")]),
    );
  });

  it("never retries a stream, and bounds the tries of a chat within its timeout", async () => {
    const { routes } = await toldConfig(caller.admin);
    expect(routes.get("llm-stream")?.route?.timeout).toBe("300s");
    expect(routes.get("llm-stream")?.route?.retry_policy).toBeUndefined();
    expect(routes.get("llm-chat")?.route).toMatchObject({
      timeout: "30s",
      retry_policy: { num_retries: 2, per_try_timeout: "9.900s" },
    });
  });

  it("speaks TLS to the provider, and knows whom it expects there", async () => {
    const { clusters } = await toldConfig(caller.admin);
    const provider = JSON.stringify(clusters.get(`outbound|${ONE_PORT}||api.openai.com`));
    expect(provider).toContain('"sni":"api.openai.com"');
    expect(provider).toContain('"exact":"api.openai.com"');
  });

  it("takes clients of its host at the gateway and nobody else", async () => {
    const ask = async (authority: string): Promise<unknown> => {
      const reply = await gateway.get(ONE_PORT, "/api/chat", { headers: { host: authority } });
      return reply.status === 200 ? reply.headers["x-served-by"] : reply.status;
    };
    await eventually("a route", async () => (await ask("chat.example.com")) === "talk");
    expect(await ask("other.example.com")).toBe(404);
  });

  it("sends an arm's header to the arm's subset, and everything else to the default arm", async () => {
    await mesh.apply(ofKinds("DestinationRule").map(withoutHttp2));
    const ask = async (headers: Record<string, string>): Promise<unknown> => {
      const options = { method: "POST", headers: { host: `${host("llm-service")}`, ...headers } };
      return (await caller.get(ONE_PORT, "/api/llm/chat", options)).headers["x-served-by"];
    };
    const asked: Record<string, string>[] = [
      {},
      { "x-ganglion-arm": "gpt-4o-mini" },
      { "x-ganglion-arm": "gpt-4o-next" },
    ];
    const served = () => Promise.all(asked.map(ask));
    // The rules may come in several pushes.
    const isThere = async () => (await served()).join() === "v1,mini,v1";
    await eventually("answers", isThere).catch(() => undefined);
    expect(await served()).toEqual(["v1", "mini", "v1"]);
  });

  it("keeps a session on its pod of the vector store", async () => {
    const pods = new Map<string, Set<unknown>>();
    const retrieval = { headers: { host: host("retrieval-service") } };
    await eventually("the store answers", async () => {
      for (let i = 0; i < 20; i++) {
        if ((await caller.get(ONE_PORT, "/search", retrieval)).status !== 200) return false;
      }
      return true;
    });
    for (let call = 0; call < SESSIONS * CALLS_PER_SESSION; call++) {
      const session = `session-${call % SESSIONS}`;
      const headers = { host: host("retrieval-service"), "x-session-id": session };
      const { headers: answer } = await caller.get(ONE_PORT, "/search", { headers });
      pods.set(session, (pods.get(session) ?? new Set()).add(answer["x-served-by"]));
    }
    const kept = [...pods.values()].filter((seen) => seen.size === 1).length;
    expect(kept / SESSIONS).toBeGreaterThanOrEqual(0.99);
    expect(new Set([...pods.values()].flatMap((seen) => [...seen])).size).toBe(3);
  });

  it("tells a proxy of whom it calls and of nobody else", async () => {
    const before = await toldConfig(caller.admin);
    expect(before.clusters.size).toBeGreaterThan(CROWD_SERVICES);
    const [scope] = ofKinds("Sidecar").filter(({ metadata }) => metadata.name === caller.name);
    await mesh.apply(withListener(scope!, caller.ip, ONE_PORT));
    const after = await eventually("the scope", async () => {
      const told = await toldConfig(caller.admin);
      return told.clusters.size < CROWD_SERVICES ? told : undefined;
    });
    const size = ({ clusters, bytes }: typeof before): string =>
      `${clusters.size} clusters, ${Math.round(bytes / 1024)} KiB`;
    process.stderr.write(`told before the Sidecar: ${size(before)}; after: ${size(after)}\n`);
    const outbound = [...after.clusters.keys()].filter((name) => name.startsWith("outbound|"));
    const services = new Set(outbound.map((name) => name.split("|")[3]));
    expect([...services].sort()).toEqual(
      ["handover", "intent", "llm", "retrieval", "sentiment", "ticket"].map((name) =>
        host(`${name}-service`),
      ),
    );
    expect(after.bytes).toBeLessThan(before.bytes / 2);
  });
});

/** The upstreams of this test are no proxies and speak HTTP/1.1. */
function withoutHttp2(rule: KubeObject): KubeObject {
  const text = JSON.stringify(rule).replaceAll(',"h2UpgradePolicy":"UPGRADE"', "");
  return JSON.parse(text) as KubeObject;
}

function services(echo: Echo): KubeObject[] {
  const of = (name: string, served: readonly [string, string?][]): KubeObject =>
    meshService({
      host: name,
      namespace: NAMESPACE,
      port: ONE_PORT,
      endpoints: served.map(([pod, version]) => ({
        port: echo.ports[pod]!,
        ...(version === undefined ? {} : { labels: { version } }),
      })),
    });
  const rest = ["intent", "sentiment", "ticket", "handover"];
  return [
    of("llm-service", [
      ["v1", "v1"],
      ["mini", "mini"],
      ["v2", "v2"],
    ]),
    of("retrieval-service", [["store-1"], ["store-2"], ["store-3"]]),
    of("conversation-service", [["talk"]]),
    ...rest.map((name) => of(`${name}-service`, [["talk"]])),
  ];
}

/** Services of other teams, of which every proxy is told that no Sidecar narrows. */
function crowd(echo: Echo): KubeObject[] {
  return Array.from({ length: CROWD_SERVICES }, (_, i) =>
    meshService({
      host: `other-${i}`,
      namespace: CROWD,
      port: ONE_PORT,
      endpoints: [{ port: echo.ports["talk"]! }],
    }),
  );
}

/** As without a Sidecar: told of everything. */
function wideSidecar(ip: string): KubeObject {
  const egress = [{ hosts: ["*/*"] }];
  return withListener(
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Sidecar",
      metadata: { name: "conversation-service", namespace: NAMESPACE },
      spec: { workloadSelector: { labels: { app: "conversation-service" } }, egress },
    },
    ip,
    ONE_PORT,
  );
}

function bound(gateway: KubeObject, ip: string): KubeObject {
  const spec = gateway["spec"] as { servers: readonly object[] };
  return {
    ...gateway,
    spec: { ...spec, servers: spec.servers.map((one) => ({ ...one, bind: ip })) },
  };
}
