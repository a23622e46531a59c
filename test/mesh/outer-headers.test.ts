// What an outer gateway sets on a request reaches the upstream as it was, through a sidecar with the
// filter; x-ganglion-*, which is the filter's own, does not.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { eventually, Mesh, meshCanRun, meshService, type Proxy } from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { filterIsThere } from "./support/filter-is-there";
import { policyObjects } from "./support/policy-objects";
import { hostHeader, SERVICE_PORT, startWorkload } from "./support/workload";

const NAMESPACE = "ai-services";
const POLICY = `\
version: 1
mode: enforce
mesh: { istio: "1.31", namespace: ${NAMESPACE}, workloads: { app: caller } }
services:
  llm-service:
    port: ${SERVICE_PORT}
    routes: [{ name: chat, match: { path_prefix: /chat } }]
`;

/** As gateways and meters in front of a mesh set them; the case of a value is kept, too. */
const OUTER = {
  "x-gateway-user": "User-42",
  "x-gateway-tenant": "Acme GmbH",
  "x-user-tier": "premium",
  "x-token-budget": "120000",
  "x-session-id": "c2Vzc2lvbg==",
  authorization: "Bearer abc.DEF.ghi",
  "x-empty": "",
  "x-long": "a".repeat(4096),
  cookie: "a=1; b=2",
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
} as const;

describe.runIf(await meshCanRun())("headers of an outer gateway", () => {
  let mesh: Mesh;
  let echo: Echo;
  let caller: Proxy;

  beforeAll(async () => {
    echo = await startEcho(["llm"]);
    mesh = await Mesh.start({ namespaces: [NAMESPACE] });
    const { reference } = await mesh.registry.push(await readFilterModule(), "filter");
    const endpoints = [{ port: echo.ports["llm"]! }];
    await mesh.apply([
      meshService({ host: "llm-service", namespace: NAMESPACE, port: SERVICE_PORT, endpoints }),
      ...policyObjects(POLICY, reference),
    ]);
    caller = await startWorkload(mesh, { name: "caller", namespace: NAMESPACE });
    await eventually("the filter", () => filterIsThere(caller));
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  it("arrive unchanged, and forged ones of the filter do not", async () => {
    const forged = { "x-ganglion-verdict": "shed", "x-ganglion-arm": "forged" };
    const headers = { ...hostHeader("llm-service", NAMESPACE), ...OUTER, ...forged };
    const reply = await eventually("an answer", async () => {
      const one = await caller.get(SERVICE_PORT, "/chat", { headers });
      return one.status === 200 ? one : undefined;
    });
    const arrived = JSON.parse(reply.body) as Record<string, string>;
    expect(arrived).toMatchObject(OUTER);
    // Also what shows that the filter has seen the request: nothing else takes them away.
    expect(arrived["x-ganglion-verdict"]).toBeUndefined();
    expect(arrived["x-ganglion-arm"]).toBeUndefined();
  });
});
