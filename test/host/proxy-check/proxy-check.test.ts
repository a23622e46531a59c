// A policy against the recorded admin pages of a real caller's Envoy (the assistant in the mesh rig).

import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runVerifyProxy } from "../../../host-tools/src/commands/verify-proxy";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import {
  adminPages,
  type AdminPages,
  checkProxy,
  proxyJson,
  proxyState,
  proxyText,
} from "../../../host-tools/src/proxy-check";
import { checkImage } from "../../../host-tools/src/proxy-check/check-image";
import { isPublished } from "../../../host-tools/src/proxy-check/published";
import type { paint } from "../../../host-tools/src/lib/talk";
import { assistantPolicy } from "../../support/assistant-policy";
import { expectGolden } from "../../support/golden";

const recorded = (name: string): string =>
  readFileSync(new URL(`recorded/${name}`, import.meta.url), "utf8");
/** The filter's part is that of today's compiler, so that the recording does not age with it. */
const dumped = (): string => {
  const { config } = compilePolicy(assistantPolicy, "ganglion.yaml");
  const dump = JSON.parse(recorded("config-dump.json"), (_, value: unknown) => {
    const text = value as { "@type"?: string } | null;
    const isConfiguration = text?.["@type"] === "type.googleapis.com/google.protobuf.StringValue";
    return isConfiguration ? { ...text, value: JSON.stringify(config) } : value;
  }) as unknown;
  return JSON.stringify(dump, undefined, 1);
};
const PAGES: AdminPages = {
  configDump: dumped(),
  clusters: recorded("clusters.json"),
  counters: recorded("counters.json"),
  metrics: recorded("metrics.txt"),
};
const same = (text: unknown): string => String(text);
const NO_COLOUR = { bad: same, good: same, dim: same, strong: same } as typeof paint;

function check(pages: Partial<AdminPages> = {}, policyText = assistantPolicy, only?: string) {
  const { policy, config } = compilePolicy(policyText, "ganglion.yaml");
  return checkProxy(policy, config, proxyState({ ...PAGES, ...pages }, "proxy:15000"), only);
}

/** The answers of a no, as `GROUP ITEM: SAID / FOUND`. */
function noes(...args: Parameters<typeof check>): string[] {
  return check(...args)
    .answers.filter(({ verdict }) => verdict === "no")
    .map(({ group, item, said, found }) => `${group} ${item}: ${said} / ${found}`);
}

const told = (from: string, to: string): Partial<AdminPages> => {
  expect(PAGES.configDump).toContain(from);
  return { configDump: PAGES.configDump.replaceAll(from, to) };
};

describe("a policy against a proxy that has it", () => {
  it("is yes everywhere, and says what does not concern the proxy", () => {
    expect(noes()).toEqual([]);
    expectGolden("proxy-check/caller.txt", proxyText(check(), NO_COLOUR));
    expectGolden("proxy-check/llm-service.json", proxyJson(check({}, undefined, "llm-service")));
  });

  it("tells a patch of the service whose name it bears, where another name begins like it", () => {
    const two = `version: 1
mesh: { namespace: ai-services }
services:
  llm: { routes: [{ name: a, match: { authority: llm } }] }
  llm-chat:
    endpoint_override: x-endpoint
    routes: [{ name: b, match: { authority: llm-chat } }]
`;
    const patches = check({}, two).answers.filter(({ item }) => /override/.test(item));
    expect(patches.map(({ group }) => group)).toEqual(["llm-chat"]);
  });

  it("is told with what the proxy has come to do", () => {
    const name = "cluster.outbound|8080||llm-service.ai-services.svc.cluster.local;";
    const stats = [
      { name: `${name}.upstream_rq_retry`, value: 3 },
      { name: `${name}.upstream_rq_timeout`, value: 0 },
    ];
    const { acted } = check({ counters: JSON.stringify({ stats }) });
    const { counts, missing } = acted.get("llm-service")!;
    expect(counts).toMatchObject({ retries: 3, timeouts: 0, ejections: null });
    expect(missing.get("ejections")).toBe("not published");
  });

  it("has the image by the name that Istio's agent gives it, with or without its scheme", () => {
    const digest = "d".repeat(64);
    const name = createHash("sha256").update("oci://registry.example:5000/ai/filter").digest("hex");
    const code = { local: { filename: `/var/lib/istio/data/${name}/${digest}.wasm` } };
    const filter = { typed_config: { config: { vm_config: { code } } } };
    for (const scheme of ["oci://", ""]) {
      const image = `${scheme}registry.example:5000/ai/filter:1@sha256:${digest}`;
      expect(checkImage(image, filter)).toMatchObject([
        { verdict: "yes", found: `sha256:${digest}` },
      ]);
    }
    const other = checkImage(`oci://registry.example/ai/filter@sha256:${digest}`, filter);
    expect(other[0]?.found).toBe(`sha256:${digest}, of another name`);
  });

  it("is told why a counter is not there", () => {
    const name = "cluster.outbound|8080||llm;.upstream_rq_retry";
    const matcher = (list: string, ...patterns: object[]) => ({
      stats_matcher: { [list]: { patterns } },
    });
    const prefix = { prefix: "cluster.outbound" };
    const regex = { safe_regex: { regex: String.raw`cluster\..*retry` } };
    expect(isPublished(undefined, name)).toBe(true);
    expect(isPublished(matcher("inclusion_list", { prefix: "server" }, prefix), name)).toBe(true);
    expect(isPublished(matcher("inclusion_list", regex), name)).toBe(true);
    expect(isPublished(matcher("inclusion_list", { suffix: "_timeout" }), name)).toBe(false);
    expect(isPublished(matcher("inclusion_list", { safe_regex: { regex: "(" } }), name)).toBe(
      false,
    );
    expect(isPublished(matcher("exclusion_list", { contains: "retry" }), name)).toBe(false);
    expect(isPublished({ stats_matcher: { reject_all: true } }, name)).toBe(false);
  });
});

describe("a difference is one line", () => {
  it("for a breaker", () => {
    const pages = told('"consecutive_5xx": 3', '"consecutive_5xx": 7');
    expect(noes(pages)).toEqual(["retrieval-service outlier_detection.consecutive_5xx: 3 / 7"]);
  });

  it("for a pool, a balancer and a budget that another policy asks for", () => {
    const text = assistantPolicy
      .replace("connections_max: 50, connect_timeout_ms: 100", "connections_max: 60")
      .replace("{ hash_header: x-session-id }", "round_robin");
    expect(noes({}, text)).toEqual([
      "retrieval-service pool.connections_max: 60 / 50",
      "retrieval-service load_balancer: ROUND_ROBIN / RING_HASH",
    ]);
  });

  it("for a timeout and for tries", () => {
    const pages = told('"timeout": "0.200s"', '"timeout": "0.300s"');
    expect(noes(pages)).toEqual(["retrieval-service retrieval timeout_ms: 200 ms / 300 ms"]);
    expect(noes(told('"per_try_timeout": "0.085s"', '"per_try_timeout": "0.080s"'))).toEqual([
      "retrieval-service retrieval retries.per_try_timeout_ms: 85 ms / 80 ms",
    ]);
  });

  it("for a limit of the filter", () => {
    const pages = told(String.raw`\"burst\":1000`, String.raw`\"burst\":2000`);
    expect(noes(pages)).toEqual(["llm-service llm-stream filter limits.0.burst: 1000 / 2000"]);
  });

  it("for an endpoint that is out, and for one to which nothing is encrypted", () => {
    const clusters = PAGES.clusters.replace(
      '"eds_health_status": "HEALTHY"',
      '"failed_outlier_check": true',
    );
    expect(noes({ clusters })).toHaveLength(1);
    expect(noes({ clusters })[0]).toContain("0 of 1 healthy");
    const open = PAGES.configDump.replace(
      /("envoy.transport_socket_match": \{\s*"tlsMode": )"istio"/g,
      '$1"none"',
    );
    const plain = noes({ configDump: open });
    expect(plain).toHaveLength(9);
    for (const line of plain) expect(line).toMatch(/mesh\.mtls.*every endpoint \/ 0 of /);
  });

  it("for a worker whose filter has died", () => {
    const metrics = PAGES.metrics.replace(
      /(worker___1___ganglion_heartbeat_seconds\S*) \d+/,
      "$1 1",
    );
    expect(noes({ metrics })[0]).toMatch(/^proxy filter alive: in every VM \/ 2 of 3 VMs/);
  });

  it("for calls that pass by the registry", () => {
    expect(noes(told('"block_all"', '"allow_any"'))).toEqual([
      "proxy mesh.egress.policy: registry_only / allow_any",
    ]);
  });

  it("for a filter in whose place a refusal stands", () => {
    const pages = told("http.wasm.v3.Wasm", "http.rbac.v3.RBAC");
    expect(noes(pages)[0]).toContain("a filter that refuses requests stands in its place");
  });
});

describe("a canary under way", () => {
  it("is right at a step of the rollout and wrong beside", () => {
    const split = (percent: number): Partial<AdminPages> => {
      const of = (subset: string): string =>
        `outbound|8080|${subset}|llm-service.ai-services.svc.cluster.local`;
      const clusters = [
        { name: of("v1"), weight: 100 - percent },
        { name: of("v2"), weight: percent },
      ];
      const dump = JSON.parse(PAGES.configDump, (_, value: unknown) => {
        const route = value as { name?: string; route?: object } | null;
        if (route?.name !== "llm-chat" || route.route === undefined) return value;
        const { cluster: _gone, ...rest } = route.route as { cluster?: string };
        return { ...route, route: { ...rest, weighted_clusters: { clusters } } };
      }) as unknown;
      return { configDump: JSON.stringify(dump) };
    };
    expect(noes(split(20))).toEqual([]);
    expect(noes(split(30))).toHaveLength(1);
  });
});

describe("what is no admin of an Envoy", () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    server = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it("is refused by name", async () => {
    const pages = await adminPages(address);
    expect(() => proxyState(pages, address)).toThrow("what it answers is not JSON");
    expect(() => proxyState({ ...PAGES, configDump: "{}" }, address)).toThrow("tells of no node");
    await expect(adminPages("127.0.0.1:1")).rejects.toThrow("cannot ask Envoy at 127.0.0.1:1");
    await expect(adminPages("15000")).rejects.toMatchObject({ exitCode: 64 });
  });

  it("is not asked where the command says nothing sound", async () => {
    const refused = (paths: string[], options: object): Promise<unknown> =>
      expect(runVerifyProxy(paths, { admin: address, ...options })).rejects.toMatchObject({
        code: "E_VERIFY_USAGE",
        exitCode: 64,
      });
    await refused([], {});
    await refused(["folder"], { policy: "ganglion.yaml" });
    await refused([], { policy: "ganglion.yaml", output: "sarif" });
  });

  it("and a service that the policy does not have is named", () => {
    expect(() => check({}, undefined, "llm-servic")).toThrow(
      "the policy has no service llm-servic",
    );
  });
});
