// What the assistant's policy renders to of traffic: the numbers that its services were given, and
// that every object is one that the mesh's version knows.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { filterImage, filterKind } from "../../../host-tools/src/istio/filter-object";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import {
  RENDERED_POLICIES,
  renderedPolicies,
} from "../../../host-tools/src/reference/rendered-policies";
import { expectGolden } from "../../support/golden";
import { crdFaults } from "./crd-schema";
import { fieldPaths, laterFields } from "./field-paths";
import { edgesPolicy, egressPolicy, everythingPolicy } from "./traffic-policies";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const assistant = read("wasmplugin/examples/assistant/ganglion.yaml");
const image = filterImage(`oci://registry.example/ganglion/filter@sha256:${"1".repeat(64)}`);
const TRAFFIC = ["Gateway", "ServiceEntry", "DestinationRule", "VirtualService", "Sidecar"];

function rendered(text: string, minor?: number) {
  const { policy, config } = compilePolicy(text, "ganglion.yaml");
  const istio = minor === undefined ? policy.mesh.istio : { major: 1, minor };
  const kind = filterKind("auto", istio);
  return manifests(policy, config, { kind, image, istio }).map(({ object }) => object);
}

function specOf(kind: string, name: string, text = assistant): Record<string, unknown> {
  const found = rendered(text).find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found.spec as Record<string, unknown>;
}

interface HttpRule {
  readonly name: string;
  readonly timeout?: string;
  readonly retries?: { readonly attempts: number; readonly perTryTimeout?: string };
}

describe("the assistant's objects of traffic", () => {
  it("give the model's callers 100 connections, 200 waiting and a breaker of five errors", () => {
    const { trafficPolicy } = specOf("DestinationRule", "llm-service");
    expect(trafficPolicy).toEqual({
      connectionPool: {
        tcp: { maxConnections: 100, connectTimeout: "5s" },
        http: {
          http1MaxPendingRequests: 200,
          http2MaxRequests: 1000,
          maxRequestsPerConnection: 100,
          maxRetries: 3,
          h2UpgradePolicy: "UPGRADE",
        },
      },
      loadBalancer: { simple: "LEAST_REQUEST" },
      outlierDetection: {
        consecutive5xxErrors: 5,
        consecutiveGatewayErrors: 5,
        interval: "10s",
        baseEjectionTime: "30s",
        maxEjectionPercent: 50,
        minHealthPercent: 30,
      },
    });
  });

  it("give a subset with a pool of its own the rest of the host's pool too", () => {
    const { subsets } = specOf("DestinationRule", "llm-service") as {
      subsets: { name: string; trafficPolicy?: { connectionPool: object } }[];
    };
    expect(subsets.map(({ name }) => name)).toEqual(["v1", "mini", "v2"]);
    expect(subsets[0]?.trafficPolicy?.connectionPool).toMatchObject({
      tcp: { maxConnections: 50, connectTimeout: "5s" },
      http: { http2MaxRequests: 1000, maxRetries: 3 },
    });
    expect(subsets[1]?.trafficPolicy).toBeUndefined();
  });

  it("never send a stream twice, and leave room between the tries of the rest", () => {
    const { http } = specOf("VirtualService", "llm-service") as { http: HttpRule[] };
    const plain = http.filter(({ name }) => ["llm-stream", "llm-chat", "llm-rest"].includes(name));
    expect(plain.map(({ name, timeout, retries }) => [name, timeout, retries])).toEqual([
      ["llm-stream", "300s", { attempts: 0 }],
      ["llm-chat", "30s", expect.objectContaining({ attempts: 2, perTryTimeout: "9.9s" })],
      ["llm-rest", "60s", expect.objectContaining({ attempts: 2, perTryTimeout: "19.9s" })],
    ]);
  });

  it("send nothing to the canary while no rollout is under way, but know its subset", () => {
    const http = JSON.stringify(specOf("VirtualService", "llm-service"));
    expect(http).not.toContain('"v2"');
    expect(JSON.stringify(specOf("TrafficExtension", "ganglion"))).not.toContain('"gpt-4o-next"');
    expect(JSON.stringify(specOf("DestinationRule", "llm-service"))).toContain('"v2"');
  });

  it("retry the vector store once, and keep a session on its pod", () => {
    expect(specOf("DestinationRule", "retrieval-service")["trafficPolicy"]).toEqual({
      connectionPool: {
        tcp: { maxConnections: 50, connectTimeout: "0.1s" },
        http: { maxRetries: 1 },
      },
      loadBalancer: { consistentHash: { httpHeaderName: "x-session-id" } },
      outlierDetection: {
        consecutive5xxErrors: 3,
        interval: "30s",
        baseEjectionTime: "60s",
        maxEjectionPercent: 30,
      },
    });
  });

  it("tell a proxy of whom it calls, by full names, and of nobody else", () => {
    const { egress } = specOf("Sidecar", "handover-service") as { egress: { hosts: string[] }[] };
    expect(egress).toEqual([
      {
        hosts: [
          "./ticket-service.ai-services.svc.cluster.local",
          "observability/otel-collector.observability.svc.cluster.local",
          "istio-system/*",
        ],
      },
    ]);
    const model = specOf("Sidecar", "llm-service") as { egress: { hosts: string[] }[] };
    expect(model.egress[0]?.hosts[0]).toBe("./api.openai.com");
  });

  it("keep the model's limits of 10 and 100 a second", () => {
    const { wasm } = specOf("TrafficExtension", "ganglion") as {
      wasm: { pluginConfig: { routes: { name: string; limits?: object[] }[] } };
    };
    const chat = wasm.pluginConfig.routes.find(({ name }) => name === "llm-chat");
    expect(chat?.limits?.[0]).toMatchObject({
      values: [
        { value: "free", requests_per_second: 10, burst: 20 },
        { value: "premium", requests_per_second: 100, burst: 200 },
      ],
    });
  });
});

describe("ways in and out of the mesh", () => {
  it.each([
    ["[]", ["./api.example.com"], ["~/*"]],
    ["[other/*]", ["./api.example.com", "other/*"], ["other/*"]],
    ["[ai/*, other/a.example.com]", ["./*", "other/a.example.com"], ["./*", "other/a.example.com"]],
    ['["*/*"]', ["*/*"], ["*/*"]],
  ])("tell proxies of %s in Istio's words", (hosts, caller, quiet) => {
    const text = egressPolicy(hosts);
    const told = (name: string) => specOf("Sidecar", name, text)["egress"];
    expect(told("llm")).toEqual([{ hosts: caller }]);
    expect(told("quiet")).toEqual([{ hosts: quiet }]);
  });

  it("leave a timeout of 0 out: that is none in Istio, and 0s is refused", () => {
    const { http } = specOf("VirtualService", "llm", egressPolicy("[]")) as { http: HttpRule[] };
    expect(http.map(({ timeout }) => timeout)).toEqual([undefined]);
  });

  it("are those in the golden file", () => {
    const objects = rendered(edgesPolicy).filter(({ kind }) => TRAFFIC.includes(kind));
    expectGolden("manifests/edges.yaml", yamlStream(objects.map(yamlText)));
  });

  it("are the same bytes on every run", () => {
    const text = (): string => yamlStream(rendered(everythingPolicy).map(yamlText));
    expect(text()).toBe(text());
  });
});

describe("objects of traffic", () => {
  for (const [name, text] of Object.entries({ assistant, edgesPolicy, everythingPolicy })) {
    it(`satisfy Istio's schemas: ${name}`, () => {
      const ours = rendered(text).filter(({ kind }) => TRAFFIC.includes(kind));
      expect(ours.length).toBeGreaterThan(3);
      for (const object of ours)
        expect([object.metadata.name, crdFaults(object)]).toEqual([object.metadata.name, []]);
    });
  }

  it("name short hosts nowhere", () => {
    for (const { kind, spec } of rendered(assistant)) {
      if (!TRAFFIC.includes(kind)) continue;
      const hosts = [...JSON.stringify(spec).matchAll(/"host":"([^"]+)"/g)].map(([, host]) => host);
      expect(hosts.filter((host) => !host?.includes("."))).toEqual([]);
    }
  });
});

describe("each supported version of Istio", () => {
  const MINORS = [24, 25, 26, 27, 28, 29, 30, 31];

  it.each(MINORS)("knows every field of the assistant: 1.%i", (minor) => {
    const later = rendered(assistant, minor).flatMap((object) => laterFields(object, minor));
    expect(later).toEqual([]);
  });

  it("refuses by name what it does not know, and renders the rest", () => {
    expect(() => rendered(everythingPolicy, 24)).toThrow(
      "services.everything.retry_budget: needs Istio 1.27 or newer, the mesh has 1.24; leave it out",
    );
    expect(() => rendered(everythingPolicy, 26)).toThrow("retry_budget: needs Istio 1.27");
    expect(() => rendered(everythingPolicy, 26)).not.toThrow("backoff_ms");
    expect(rendered(everythingPolicy, 27).map(({ kind }) => kind)).toContain("DestinationRule");
  });

  it("is measured against fields that there are", () => {
    const fields = rendered(everythingPolicy).flatMap(({ spec }) => fieldPaths(spec));
    expect(fields).toEqual(
      expect.arrayContaining(["trafficPolicy.retryBudget", "http[].retries.backoff"]),
    );
    const [rule] = rendered(everythingPolicy).filter(({ kind }) => kind === "DestinationRule");
    expect(laterFields(rule!, 26)).toEqual(["DestinationRule.trafficPolicy.retryBudget: 1.27"]);
  });
});

describe("the folders of rendered policies", () => {
  it.each(RENDERED_POLICIES)("hold what %s renders to and nothing else", (policy, folder) => {
    const wanted = renderedPolicies(read)
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path]) => path.slice(folder.length + 1));
    expect(wanted.length).toBeGreaterThan(4);
    const entries = readdirSync(new URL(`${folder}/`, root), { recursive: true }) as string[];
    const files = entries.filter((entry) => entry.endsWith(".yaml"));
    expect(files.sort(), policy).toEqual(wanted.sort());
  });
});
