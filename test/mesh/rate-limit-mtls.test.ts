// A limit of the whole fleet in a namespace with strict mutual TLS that denies by default: the limited
// service's proxy asks the rate limit service, which stands behind a sidecar of its own, with the mesh's
// certificates, and nobody else may.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type KubeObject, Mesh, meshCanRun, type Proxy } from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { policyObjects } from "./support/policy-objects";
import { type RateLimitService, startRateLimitService } from "./support/rate-limit-service";
import { rejectedUpdates, xdsRejects } from "./support/xds-rejects";
import { hostHeader, INBOUND_PORT, SERVICE_PORT, startWorkload } from "./support/workload";

const NAMESPACE = "ai-services";
const HOST = `ratelimit.${NAMESPACE}.svc.cluster.local`;
const CALLERS = ["security.istio.io/v1", "AuthorizationPolicy", "ratelimit-callers"] as const;

const policyText = (more: string): string => `\
version: 1
mesh:
  istio: "1.31"
  namespace: ${NAMESPACE}
  workloads: { app: conversation-service }
  mtls: strict
  deny_by_default: true
  rate_limit_service: { host: ${HOST}, deny_on_failure: true, timeout_ms: 2000${more} }
calls: { conversation-service: [llm-service] }
services:
  llm-service:
    port: ${SERVICE_PORT}
    global_limits:
      - name: tier
        key: { header: x-user-tier }
        requests_per_second: { free: 10, premium: 100 }
    routes: [{ name: chat }]
`;

describe.runIf(await meshCanRun())("a fleet's limit under strict mutual TLS", () => {
  let mesh: Mesh;
  let echo: Echo;
  let limits: RateLimitService;
  let llm: Proxy;
  let ratelimit: Proxy;
  let conversation: Proxy;

  beforeAll(async () => {
    limits = await startRateLimitService((texts) => texts.includes("blocked"));
    echo = await startEcho(["llm"]);
    mesh = await Mesh.start({ namespaces: [NAMESPACE] });
    const at = { namespace: NAMESPACE };
    [llm, ratelimit, conversation] = await Promise.all([
      startWorkload(mesh, { ...at, name: "llm-service", appPort: echo.ports["llm"]! }),
      startWorkload(mesh, { ...at, name: "ratelimit", appPort: limits.port, protocol: "GRPC" }),
      startWorkload(mesh, { ...at, name: "conversation-service" }),
    ]);
    await mesh.apply(rendered());
    await settled("blocked", 429);
  });
  afterAll(async () => {
    await mesh?.stop();
    await Promise.all([echo?.stop(), limits?.stop()]);
  });

  /** As rendered, but for the address: this mesh has no name server. */
  const rendered = (more = ", account: ratelimit"): KubeObject[] => {
    const text = JSON.stringify(policyObjects(policyText(more)));
    const from = JSON.stringify({ address: HOST, port_value: 8081 });
    expect(text).toContain(from);
    const to = JSON.stringify({ address: ratelimit.ip, port_value: INBOUND_PORT });
    return JSON.parse(text.replace(from, to)) as KubeObject[];
  };
  const call = async (tier: string): Promise<number> => {
    const headers = { ...hostHeader("llm-service", NAMESPACE), "x-user-tier": tier };
    return (await conversation.get(SERVICE_PORT, "/api/llm/chat", { headers })).status;
  };

  /** Until old listeners, which drain beside the new ones, have no connection left. */
  const settled = async (tier: string, status: number): Promise<void> => {
    let rounds = 0;
    await eventually(`${status} three times in a row`, async () => {
      const all = await Promise.all(Array.from({ length: 10 }, () => call(tier)));
      rounds = all.every((one) => one === status) ? rounds + 1 : 0;
      return rounds === 3;
    });
  };

  it("is counted and refused through both sidecars", async () => {
    limits.asked.length = 0;
    expect(await call("premium")).toBe(200);
    expect(await call("blocked")).toBe(429);
    const asked = (tier: string) => ["ganglion", "service", "llm-service", "tier", tier];
    expect(limits.asked).toEqual([asked("premium"), asked("blocked")]);
    expect(await xdsRejects(mesh)).toBe(0);
    for (const proxy of [llm, ratelimit, conversation]) {
      expect(await rejectedUpdates(proxy)).toEqual([]);
    }
  });

  it.each([
    ["answered without the mesh's certificates", ", mtls: false"],
    ["asked of a workload of the mesh that is another one", ", account: llm-service"],
  ])("is not %s", async (_what, more) => {
    await mesh.apply(rendered(more));
    await settled("free", 500);
    limits.asked.length = 0;
    expect(await call("free")).toBe(500);
    expect(limits.asked).toEqual([]);
    await mesh.apply(rendered());
    await settled("free", 200);
  });

  it("is not answered where no policy names the service that asks", async () => {
    await mesh.client.delete(...CALLERS, NAMESPACE);
    await settled("free", 500);
    await mesh.apply(rendered());
    await settled("free", 200);
  });
});
