// A header that names one endpoint of several, on a real control plane: it is the one that answers, as
// long as it is one of the service and lives.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type KubeObject, Mesh, meshCanRun, meshService, type Proxy } from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { policyObjects } from "./support/policy-objects";
import { hostHeader, SERVICE_PORT, startWorkload } from "./support/workload";
import { rejectedUpdates, xdsRejects } from "./support/xds-rejects";

const NAMESPACE = "ai-services";
const HEADER = "x-gateway-destination-endpoint";
const PODS = ["a", "b", "c"] as const;
/** Of a name that is only kept by chance, one in three each, none would be left in 1e19 runs. */
const CALLS = 40;
/** Nobody listens there. */
const STRANGER = "127.0.0.1:1";

const policyText = (balancer: string, retries: string): string => `\
version: 1
mesh: { istio: "1.31", namespace: ${NAMESPACE}, workloads: { app: conversation-service } }
services:
  llm-service:
    port: ${SERVICE_PORT}
    endpoint_override: ${HEADER}
    load_balancer: ${balancer}
    routes: [{ name: chat, retries: ${retries} }]
`;

const rendered = (balancer: string, retries = "none"): KubeObject[] =>
  policyObjects(policyText(balancer, retries));

describe.runIf(await meshCanRun())("the header that names an endpoint", () => {
  let mesh: Mesh;
  let echo: Echo;
  let others: Echo;
  let caller: Proxy;
  let ports: Readonly<Record<string, number>>;

  beforeAll(async () => {
    echo = await startEcho(["a"]);
    others = await startEcho(["b", "c"]);
    ports = { ...echo.ports, ...others.ports };
    mesh = await Mesh.start({ namespaces: [NAMESPACE] });
    await mesh.apply([
      meshService({
        host: "llm-service",
        namespace: NAMESPACE,
        port: SERVICE_PORT,
        endpoints: PODS.map((pod) => ({ port: ports[pod]! })),
      }),
      ...rendered("round_robin"),
    ]);
    caller = await startWorkload(mesh, { namespace: NAMESPACE, name: "conversation-service" });
    await eventually("the named pod", async () => (await served(address("b"))).join() === "b");
  });
  afterAll(async () => {
    await mesh?.stop();
    await Promise.all([echo?.stop(), others?.stop()]);
  });

  const address = (pod: string): string => `127.0.0.1:${ports[pod]}`;
  const ask = async (headers: Record<string, string>): Promise<string> => {
    const reply = await caller.get(SERVICE_PORT, "/api/llm/chat", {
      headers: { ...hostHeader("llm-service", NAMESPACE), ...headers },
    });
    return String(reply.status === 200 ? reply.headers["x-served-by"] : reply.status);
  };
  const askFor = (endpoint: string | undefined): Promise<string> =>
    ask(endpoint === undefined ? {} : { [HEADER]: endpoint });
  /** Who answers, sorted, each once. */
  const served = async (endpoint: string | undefined): Promise<string[]> => {
    const all = await Promise.all(Array.from({ length: CALLS }, () => askFor(endpoint)));
    return [...new Set(all)].sort();
  };

  it("is taken by istiod and Envoy", async () => {
    expect(await xdsRejects(mesh)).toBe(0);
    expect(await rejectedUpdates(caller)).toEqual([]);
  });

  it.each(PODS)("sends every request to the one that it names: %s", async (pod) => {
    expect(await served(address(pod))).toEqual([pod]);
  });

  it("takes the first known one of a list", async () => {
    expect(await served(`${STRANGER},${address("c")}`)).toEqual(["c"]);
  });

  it.each([
    ["is missing", undefined],
    ["names none of the service", STRANGER],
    ["names no address", "nonsense"],
  ])("leaves the choice to the balancer where it %s", async (_, endpoint) => {
    expect(await served(endpoint)).toEqual([...PODS]);
  });

  it("wins over a session's pod, and a session keeps its pod without it", async () => {
    await mesh.apply(rendered("{ hash_header: x-session-id }"));
    const session = async (id: string): Promise<Set<string>> =>
      new Set(await Promise.all(Array.from({ length: CALLS }, () => ask({ "x-session-id": id }))));
    await eventually("sessions", async () => {
      const each = await Promise.all(["1", "2", "3"].map(session));
      return each.every((pods) => pods.size === 1);
    });
    const sessions = Array.from({ length: 100 }, (_, i) => String(i));
    const pods = await Promise.all(sessions.map((id) => ask({ "x-session-id": id })));
    expect([...new Set(pods)].sort()).toEqual([...PODS]);
    for (const id of sessions.slice(0, 20)) {
      expect(await ask({ "x-session-id": id, [HEADER]: address("b") })).toBe("b");
    }
    await mesh.apply(rendered("round_robin"));
    await eventually("all pods again", async () => (await served(undefined)).length === 3);
  });

  it("is followed to a dead endpoint, from which a retry leads to the next one or the others", async () => {
    await echo.stop();
    expect(await served(address("a"))).toEqual(["503"]);
    await mesh.apply(rendered("round_robin", "{ attempts: 1, on: [connect-failure] }"));
    await eventually("the others' answers", async () => {
      return (await served(address("a"))).join() === "b,c";
    });
    expect(await served(`${address("a")},${address("c")}`)).toEqual(["c"]);
    expect(await served(address("b"))).toEqual(["b"]);
  });
});
