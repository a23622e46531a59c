// Security and operations of a policy as objects: golden files per kind, Istio's own schemas, and
// what each object must be for it to work.

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../../host-tools/src/istio/kube-object";
import { RENDERED_KINDS } from "../../../host-tools/src/manifests/rendered-kinds";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { expectGolden } from "../../support/golden";
import { crdFaults } from "../istio/crd-schema";
import { DIGEST, operationsFiles, operationsObjects } from "./operations-policy";

const objects = operationsObjects();
const files = operationsFiles();

const KINDS = [
  "Namespace",
  "PeerAuthentication",
  "AuthorizationPolicy",
  "Telemetry",
  "PodMonitor",
  "PrometheusRule",
  "EnvoyFilter",
  "HorizontalPodAutoscaler",
  "ScaledObject",
  "AnalysisTemplate",
  "EnvoyExtensionPolicy",
];
const COMPANIONS = [
  "workload/kustomization.yaml",
  "workload/patch.yaml",
  "collector-tail-sampling.yaml",
  "rate-limit-service.yaml",
  "prometheus-scrape.yaml",
  "prometheus-adapter.yaml",
  "istio-operator.yaml",
];

const ofKind = (kind: string, of = objects): KubeObject[] => of.filter((one) => one.kind === kind);
const named = (kind: string, name: string): KubeObject => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind}/${name}`);
  return found;
};

/** A policy with these members of `mesh` and of its one service. */
const policyOf = (mesh: string, service = ""): string =>
  `version: 1\nmesh: { namespace: ai, ${mesh} }\nservices:\n  llm:\n    routes: [{ name: chat }]\n${service}`;

describe("golden files", () => {
  it.each(KINDS)("of %s", (kind) => {
    const found = ofKind(kind);
    expect(found.length).toBeGreaterThan(0);
    expectGolden(
      `manifests/operations/${kind.toLowerCase()}.yaml`,
      yamlStream(found.map(yamlText)),
    );
  });

  it.each(COMPANIONS)("of the file beside the objects: %s", (file) => {
    const text = files.get(`beside/${file}`);
    expect(text).toMatch(/^# Not an object to apply/);
    expectGolden(`manifests/operations/beside/${file}`, text ?? "");
  });
});

describe("objects of security and operations", () => {
  it("satisfy Istio's schemas", () => {
    const istio = objects.filter(({ apiVersion }) => apiVersion.includes("istio.io"));
    expect(istio.length).toBeGreaterThan(10);
    expect(istio.flatMap(crdFaults)).toEqual([]);
  });

  it("are the same bytes every time, and each has a name of its own", () => {
    expect(yamlStream(operationsObjects().map(yamlText))).toBe(yamlStream(objects.map(yamlText)));
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("all carry the label by which they are found again", () => {
    for (const { metadata } of objects) {
      expect(metadata.labels["app.kubernetes.io/managed-by"]).toBe("ganglion");
    }
  });

  it("pin the image's digest wherever they name the image", () => {
    const naming = objects.filter((one) => yamlText(one).includes("ganglion/filter"));
    expect(naming.map(({ kind }) => kind)).toEqual(["EnvoyExtensionPolicy", "TrafficExtension"]);
    for (const one of naming) {
      expect(yamlText(one)).toContain(`ganglion/filter@sha256:${DIGEST}`);
      expect(yamlText(one)).toContain(`sha256: "${DIGEST}"`);
    }
  });

  it("are not there where the policy says nothing", () => {
    const kinds = operationsObjects(policyOf("")).map(({ kind }) => kind);
    expect(kinds).toEqual(["TrafficExtension"]);
    expect([...operationsFiles(policyOf("")).keys()]).toEqual([
      "kustomization.yaml",
      "beside/istio-values.yaml",
    ]);
  });

  it("are all of kinds that diff looks for", () => {
    const known = RENDERED_KINDS.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    const rendered = objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    expect(rendered.filter((kind) => !known.includes(kind))).toEqual(["v1 Namespace"]);
  });

  it("begin with the namespace and end with the filter", () => {
    expect(objects[0]?.kind).toBe("Namespace");
    expect(objects.at(-1)?.kind).toBe("TrafficExtension");
  });
});

describe("who is scraped", () => {
  it("is every proxy, since a callee's own counts which version has answered", () => {
    expect(ofKind("PodMonitor").map(({ spec }) => spec["selector"])).toEqual([{}]);
    const job = parse(files.get("beside/prometheus-scrape.yaml") ?? "") as {
      scrape_configs: { relabel_configs: { action: string; regex: string }[] }[];
    };
    const kept = job.scrape_configs[0]?.relabel_configs.filter(({ action }) => action === "keep");
    expect(kept?.map(({ regex }) => regex)).toEqual(["istio-proxy"]);
  });
});

describe("who may call", () => {
  const rules = (object: KubeObject) => object.spec["rules"] as Record<string, unknown>[];

  it("is never said by a DENY, which Istio reads before every ALLOW", () => {
    const actions = ofKind("AuthorizationPolicy").map(({ spec }) => spec["action"]);
    expect(new Set(actions)).toEqual(new Set(["ALLOW"]));
  });

  it("is nobody by default: an ALLOW without rules, for the whole namespace", () => {
    const { spec } = named("AuthorizationPolicy", "ganglion-deny-by-default");
    expect(spec).toEqual({ action: "ALLOW" });
  });

  it("is said by identities alone, since members of one source are all demanded", () => {
    const [rule, batch] = rules(named("AuthorizationPolicy", "llm-service-callers"));
    expect(rule).toEqual({
      from: [{ source: { principals: ["cluster.local/ns/ai-services/sa/conversation"] } }],
      to: [{ operation: { methods: ["POST"], paths: ["/api/llm/*"] } }],
    });
    expect(batch?.["from"]).toEqual([
      {
        source: {
          principals: [
            "cluster.local/ns/batch/sa/nightly",
            "cluster.local/ns/ai-services/sa/reports",
          ],
        },
      },
    ]);
  });

  it("takes a tenant's name from its own namespaces only", () => {
    const [rule] = rules(named("AuthorizationPolicy", "llm-service-tenant-globex"));
    expect(rule).toEqual({
      from: [{ source: { namespaces: ["globex", "globex-batch"] } }],
      when: [{ key: "request.headers[x-tenant]", values: ["globex"] }],
    });
  });

  it("uses the mesh's trust domain", () => {
    const service = "    allow: [{ from: [front] }]\n";
    const text = yamlStream(
      operationsObjects(policyOf("trust_domain: td.example", service)).map(yamlText),
    );
    expect(text).toContain("td.example/ns/ai/sa/front");
  });
});

describe("limits of Envoy's own", () => {
  type Patch = { applyTo: string; match: { context: string }; patch: { value: never } };
  const patches = (name: string) => named("EnvoyFilter", name).spec["configPatches"] as Patch[];

  it("over all proxies have the filter, the actions and the cluster", () => {
    expect(patches("llm-service-global-limit").map(({ applyTo }) => applyTo)).toEqual([
      "HTTP_FILTER",
      "VIRTUAL_HOST",
      "CLUSTER",
    ]);
    const text = yamlText(patches("llm-service-global-limit"));
    expect(text).toContain("timeout: 0.25s");
    expect(text).toContain("failure_mode_deny: false");
    expect(text).toContain("type: STRICT_DNS");
  });

  it("count under the keys by which the service looks them up", () => {
    type Entry = { key: string; value?: string; descriptors?: Entry[] };
    const config = parse(files.get("beside/rate-limit-service.yaml") ?? "") as {
      descriptors: Entry[];
    };
    const actions = yamlText(patches("llm-service-global-limit")[1]);
    for (const service of config.descriptors) {
      expect(actions).toContain(`descriptor_value: ${service.value}`);
      for (const { key } of service.descriptors ?? []) {
        expect(actions).toContain(
          key === "limit" ? "descriptor_value: all" : `descriptor_key: ${key}`,
        );
      }
    }
    const rates = (config.descriptors[0]?.descriptors ?? []).map((entry) => [
      entry.key,
      entry.value,
      (entry as unknown as { rate_limit: { requests_per_unit: number } }).rate_limit
        .requests_per_unit,
    ]);
    expect(rates).toEqual([
      ["tier", "free", 10],
      ["tier", "premium", 100],
      ["tier", undefined, 10],
      ["limit", "all", 500],
    ]);
  });

  it("speak the mesh's TLS to a service that refuses plaintext", () => {
    expect(yamlText(patches("llm-service-global-limit")[2])).toContain("name: ROOTCA");
    const plain = policyOf(
      "rate_limit_service: { host: limits.example.com }",
      "    global_limits: [{ name: all, requests_per_second: 5 }]\n",
    );
    const [filter] = ofKind("EnvoyFilter", operationsObjects(plain));
    expect(yamlText(filter)).not.toContain("transport_socket");
  });

  it("speak to the rate limit service alone where the policy names its account", () => {
    const of = (host: string, mesh = "") =>
      policyOf(
        `mtls: strict, ${mesh} rate_limit_service: { host: ${host}, account: limits, mtls: true }`,
        "    global_limits: [{ name: all, requests_per_second: 5 }]\n",
      );
    const text = (policy: string) =>
      yamlText(ofKind("EnvoyFilter", operationsObjects(policy))[0]).replace(/\s+/g, " ");
    const names = (identity: string) => `san_type: URI matcher: exact: ${identity}`;
    expect(text(of("limits.other.svc.cluster.local"))).toContain(
      names("spiffe://cluster.local/ns/other/sa/limits"),
    );
    expect(text(of("limits.example.com", "trust_domain: td.example,"))).toContain(
      names("spiffe://td.example/ns/ai/sa/limits"),
    );
  });

  it.each([
    ["least_request", "LeastRequest"],
    ["round_robin", "RoundRobin"],
    ["random", "Random"],
    ["{ hash_header: x-session-id }", "RingHash"],
  ])("choose as the balancer says where no endpoint is named: %s", (said, type) => {
    const policy = policyOf(
      "workloads: {}",
      `    endpoint_override: x-endpoint\n    load_balancer: ${said}\n`,
    );
    const text = yamlText(ofKind("EnvoyFilter", operationsObjects(policy))[0]);
    expect(text.slice(text.indexOf("fallback_policy"))).toContain(`.v3.${type}\n`);
  });

  it("refuse on failure where the policy wants it", () => {
    const strict = policyOf(
      "rate_limit_service: { host: limits.example.com, deny_on_failure: true }",
      "    global_limits: [{ name: all, requests_per_second: 5 }]\n",
    );
    const [filter] = ofKind("EnvoyFilter", operationsObjects(strict));
    expect(yamlText(filter)).toContain("failure_mode_deny: true");
  });

  it("of one proxy mark their refusals without the deprecated field", () => {
    const text = yamlText(patches("llm-service-local-limit"));
    expect(text).toContain("max_tokens: 100");
    expect(text).toContain("key: x-local-rate-limit");
    expect(text).toContain("append_action: OVERWRITE_IF_EXISTS_OR_ADD");
    expect(text).not.toMatch(/\bappend:/);
  });
});

describe("what could never work", () => {
  it.each([
    [
      "a limit over all proxies without the service that counts",
      policyOf("", "    global_limits: [{ name: all, requests_per_second: 5 }]\n"),
      "services.llm.global_limits: mesh.rate_limit_service is missing",
    ],
    [
      "callers by certificate without certificates",
      policyOf("mtls: off", "    allow: [{ from: [front] }]\n"),
      "services.llm.allow: callers are known by their certificates",
    ],
    [
      "denying everybody who has no certificate where nobody has one",
      policyOf("mtls: off, deny_by_default: true"),
      "mesh: deny_by_default knows callers by their certificates",
    ],
    [
      "an external metric that nobody records",
      policyOf("", "    scaling: { replicas_max: 5, signal: { requests_per_second: 5 } }\n"),
      "services.llm.scaling.signal: needs mesh.prometheus",
    ],
    [
      "a tenant of a service that is not there",
      policyOf("tenants: { acme: { namespaces: [acme], services: [lml] } }"),
      "lml is no service of this policy",
    ],
    [
      "a provider whose calls pass by the proxy",
      policyOf(
        "intercept: { include_outbound_ranges: [10.96.0.0/12] }",
        "providers: { openai: { host: api.openai.com } }\n",
      ),
      "calls to providers outside of the mesh (openai) would pass by the proxy",
    ],
    [
      "a call that no rule of the callee lets in",
      policyOf("", "    allow: [{ from: [front] }]\ncalls: { back: [llm] }\n"),
      "calls says that back calls the service, and no rule lets it",
    ],
    [
      "an autoscaler without anything to scale by",
      policyOf("", "    scaling: { replicas_max: 5 }\n"),
      "scales by nothing",
    ],
    [
      "fewer replicas at most than at least",
      policyOf("", "    scaling: { replicas_min: 6, replicas_max: 5, cpu_percent: 70 }\n"),
      "is above replicas_max 5",
    ],
    [
      "a port that is intercepted and is not",
      policyOf("intercept: { ports: [80, 81], exclude_ports: [81] }"),
      "81 cannot be in ports as well",
    ],
  ])("is refused: %s", (_, text, message) => {
    expect(() => operationsObjects(text)).toThrow(message);
  });
});

describe("what is recorded", () => {
  it("is every trace where a collector chooses at the end, else the policy's share", () => {
    const share = (of: KubeObject[]) => {
      const [telemetry] = ofKind("Telemetry", of);
      const [tracing] = telemetry?.spec["tracing"] as { randomSamplingPercentage: number }[];
      return tracing?.randomSamplingPercentage;
    };
    expect(share(objects)).toBe(100);
    expect(share(operationsObjects(policyOf("tracing: { provider: otel }")))).toBe(10);
    expect(files.get("beside/collector-tail-sampling.yaml")).toContain("sampling_percentage: 10");
  });

  it("is never a prompt or a secret", () => {
    for (const header of ["x-prompt", "authorization", "cookie", "x-api-key", "x_api_key"]) {
      const tags = `tracing: { provider: otel, tags: { text: { header: ${header} } } }`;
      expect(() => operationsObjects(policyOf(tags)), header).toThrow(
        "would put a prompt or a secret",
      );
    }
  });
});

describe("a canary's verdict and an autoscaler", () => {
  it("never pass and never fail on no data", () => {
    const metrics = named("AnalysisTemplate", "llm-service-canary").spec["metrics"] as {
      successCondition: string;
      failureCondition: string;
      provider: { prometheus: { query: string } };
    }[];
    for (const { successCondition, failureCondition, provider } of metrics) {
      for (const condition of [successCondition, failureCondition]) {
        expect(condition).toMatch(/^len\(result\) > 0 && !isNaN\(result\[0\]\) && /);
      }
      expect(provider.prometheus.query).toContain(">= 100)");
    }
  });

  it("look at the fully qualified host, and count 5xx only", () => {
    const text = yamlText(named("AnalysisTemplate", "llm-service-canary"));
    expect(text).toContain('destination_service="llm-service.ai-services.svc.cluster.local"');
    expect(text).toContain('response_code=~"5.."');
    expect(text).not.toContain('response_code!~"2..');
  });

  it("have a number of replicas for the time without answers", () => {
    const { spec } = named("ScaledObject", "conversation-service");
    expect(spec["fallback"]).toEqual({ failureThreshold: 3, replicas: 10 });
    expect(yamlText(spec)).toContain('ignoreNullValues: "false"');
  });
});
