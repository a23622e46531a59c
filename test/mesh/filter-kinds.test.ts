// The same policy as TrafficExtension and as WasmPlugin: the same requests through the same proxy get
// the same headers, arms and refusals.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import {
  FILTER_KINDS,
  filterImage,
  type FilterKind,
} from "../../host-tools/src/istio/filter-object";
import { manifests } from "../../host-tools/src/manifests/manifests";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../host-tools/src/lib/prng";
import {
  eventually,
  GATEWAY_LABELS,
  httpGateway,
  type KubeObject,
  Mesh,
  meshCanRun,
  meshService,
  type Proxy,
} from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { filterIsThere } from "./support/filter-is-there";

const PORT = 8080;
const HOST = "llm-service.default.svc.cluster.local";
const REQUESTS = 200;
const SEED = 1;
/** Set by proxies anew for each request. */
const UNLIKE = /^(x-request-id|x-forwarded-|x-envoy-|traceparent|x-b3-|date|connection)/;

const POLICY = `\
version: 1
mode: enforce
mesh:
  istio: "1.31"
  namespace: default
  workloads: { istio: ingressgateway }
  gateways: [default/gateway-1]
services:
  llm-service:
    port: ${PORT}
    arms: { a: { subset: v1, default: true, weight: 0 }, b: { subset: v2 } }
    routes:
      - name: tiers
        match: { path_prefix: /tiers }
        arms: [b]
        limits:
          - name: tier
            key: { header: x-user-tier }
            requests_per_second: { free: 0.01, "*": 0.01 }
            burst: { free: 20, "*": 5 }
      - { name: chat, match: { path_prefix: /chat } }
`;

interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A fixed mixture of routes, tiers and forged headers. */
function requests(): Request[] {
  const prng = seededPrng(SEED);
  const one = <T>(list: readonly T[]): T => list[prng.below(list.length)]!;
  return Array.from({ length: REQUESTS }, () => ({
    path: one(["/chat", "/chat/long?q=1", "/tiers", "/tiers/x", "/other"]),
    headers: one<Record<string, string>>([
      {},
      { "x-user-tier": "free" },
      { "x-user-tier": "gold" },
      { "x-ganglion-arm": "a", "x-ganglion-verdict": "shed" },
    ]),
  }));
}

describe.runIf(await meshCanRun())("the two kinds of object that carry the filter", () => {
  let mesh: Mesh;
  let echo: Echo;
  let proxy: Proxy;

  beforeAll(async () => {
    echo = await startEcho(["v1", "v2"]);
    mesh = await Mesh.start({ proxies: 1 });
    [proxy] = mesh.proxies as [Proxy];
    const endpoints = Object.entries(echo.ports).map(([version, port]) => ({
      port,
      labels: { version },
    }));
    await mesh.apply([
      httpGateway({ name: proxy.name, selector: GATEWAY_LABELS, ip: proxy.ip, port: PORT }),
      meshService({ host: HOST, port: PORT, endpoints }),
    ]);
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  /** What each request got, with the filter as the policy has it under this kind. */
  async function answers(kind: FilterKind, epoch: number): Promise<unknown[]> {
    const { reference } = await mesh.registry.push(await readFilterModule(), "filter");
    const { policy, config } = compilePolicy(`epoch: ${epoch}\n${POLICY}`, "ganglion.yaml");
    const list = manifests(policy, config, { kind, image: filterImage(reference) });
    await mesh.apply(list.map(({ object }) => ({ ...object }) as KubeObject));
    await eventually(`epoch ${epoch}`, () => filterIsThere(proxy, epoch));
    const seen: unknown[] = [];
    for (const { path, headers } of requests()) {
      const reply = await proxy.get(PORT, path, { headers: { host: HOST, ...headers } });
      seen.push([
        reply.status,
        reply.headers["x-served-by"],
        ganglion(reply.headers),
        upstream(reply.body),
      ]);
    }
    const filter = list.at(-1)!.object;
    expect(filter.kind).toBe(kind);
    await mesh.client.delete(filter.apiVersion, kind, filter.metadata.name, "default");
    await eventually("no filter", async () => {
      const reply = await proxy.get(PORT, "/chat", { headers: { host: HOST } });
      return reply.headers["x-served-by"] === "v1";
    });
    // A new VM starts with full buckets only in a new proxy: shared data outlives VMs.
    await proxy.restart();
    return seen;
  }

  it("do the same to the same requests", async () => {
    const [first, second] = [
      await answers(FILTER_KINDS[0], 1),
      await answers(FILTER_KINDS[1], 2),
    ] as const;
    expect(first).toHaveLength(REQUESTS);
    expect(second).toEqual(first);
    const statuses = new Set(first.map((answer) => (answer as [number])[0]));
    expect([...statuses].sort()).toEqual([200, 429]);
    const arms = new Set(first.map((answer) => (answer as [number, string])[1]));
    expect(arms).toEqual(new Set(["v1", "v2", undefined]));
  });
});

function ganglion(headers: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(headers).filter(([name]) => name.startsWith("x-ganglion-"));
}

/** Headers as the upstream got them, without those that no two requests share; a refusal's text. */
function upstream(body: string): unknown {
  if (!body.startsWith("{")) return body;
  const headers = Object.entries(JSON.parse(body) as Record<string, string>);
  return headers.filter(([name]) => !UNLIKE.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}
