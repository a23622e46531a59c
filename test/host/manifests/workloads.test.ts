// Pods of a policy's services as objects: golden files per kind, what makes them work in a mesh, and
// what could never work.

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../../host-tools/src/istio/kube-object";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { RENDERED_KINDS } from "../../../host-tools/src/manifests/rendered-kinds";
import { located, verifyTexts } from "../../../host-tools/src/verify";
import { expectGolden } from "../../support/golden";
import { compiledOperations, operationsFiles, operationsObjects } from "./operations-policy";
import { WORKLOAD_POLICY } from "./workload-policy";

interface Template {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly Record<string, unknown>[];
  };
}

const objects = operationsObjects(WORKLOAD_POLICY);
/** A service whose pods are not rendered. */
const OTHER = "  other: { routes: [{ name: other, match: { authority: other } }] }\n";
const KINDS = ["ServiceAccount", "Service", "Deployment", "HorizontalPodAutoscaler"];

const ofKind = (kind: string, of = objects): KubeObject[] => of.filter((one) => one.kind === kind);
const specOf = (kind: string, name: string, of = objects): Record<string, unknown> => {
  const found = ofKind(kind, of).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind}/${name}`);
  return found.spec;
};
const templateOf = (name: string, of = objects): Template =>
  specOf("Deployment", name, of)["template"] as Template;
const proxyConfigOf = (name: string): Record<string, unknown> =>
  parse(templateOf(name).metadata.annotations["proxy.istio.io/config"] ?? "");

describe("golden files", () => {
  it.each(KINDS)("of %s", (kind) => {
    const found = ofKind(kind);
    expect(found.length).toBeGreaterThan(0);
    expectGolden(`manifests/workloads/${kind.toLowerCase()}.yaml`, yamlStream(found.map(yamlText)));
  });
});

describe("pods of a policy", () => {
  it("come up in the order of what they need, the filter still last", () => {
    const kinds = [...new Set(objects.map(({ kind }) => kind))];
    expect(kinds.slice(0, 3)).toEqual(["Namespace", "ServiceAccount", "Service"]);
    expect(kinds.slice(-2)).toEqual(["Deployment", "TrafficExtension"]);
  });

  it("are those that the DestinationRule's subsets select, one Deployment each", () => {
    const { subsets } = specOf("DestinationRule", "llm-service") as {
      subsets: { name: string; labels: Record<string, string> }[];
    };
    for (const { name, labels } of subsets) {
      expect(templateOf(`llm-service-${name}`).metadata.labels).toMatchObject(labels);
    }
    expect(ofKind("Deployment")).toHaveLength(subsets.length + 2);
  });

  it("are all selected by their Service, whatever the arm", () => {
    const { selector } = specOf("Service", "llm-service");
    for (const arm of ["v1", "mini"]) {
      expect(templateOf(`llm-service-${arm}`).metadata.labels).toMatchObject(selector as object);
    }
  });

  it("have what their arm says, and else what their service says", () => {
    const [mini] = templateOf("llm-service-mini").spec.containers;
    expect(specOf("Deployment", "llm-service-mini")["replicas"]).toBe(1);
    expect(specOf("Deployment", "llm-service-v1")["replicas"]).toBe(3);
    expect(mini?.["env"]).toContainEqual({ name: "MODEL", value: "gpt-4o-mini" });
    expect(mini?.["resources"]).toEqual({
      requests: { cpu: "500m", memory: "512Mi" },
      limits: { memory: "512Mi" },
    });
  });

  it("leave the number of replicas to an autoscaler where there is one", () => {
    expect(specOf("Deployment", "conversation-service")).not.toHaveProperty("replicas");
    const { scaleTargetRef } = specOf("HorizontalPodAutoscaler", "conversation-service");
    expect(scaleTargetRef).toMatchObject({ kind: "Deployment", name: "conversation-service" });
  });

  describe("of several arms with an autoscaler", () => {
    const scaling = "{ replicas_max: 9, cpu_percent: 70, signal: { requests_per_second: 50 } }";
    const scaled = (how: string) =>
      operationsObjects(
        WORKLOAD_POLICY.replace(/^ {10}replicas: 1\n/m, "").replace(
          "    routes:\n",
          `    scaling: ${how}\n    routes:\n`,
        ),
      );
    const rule = (of: KubeObject[], version: string) =>
      yamlText(ofKind("PrometheusRule", of)[0]).includes(
        `record: ganglion_scaling_signal\n          expr: sum(rate(istio_requests_total{reporter="source",destination_service="llm-service.ai-services.svc.cluster.local",destination_version="${version}"}[1m]))`,
      );

    it("have one each, by their own load", () => {
      const of = scaled(scaling);
      const scalers = ofKind("HorizontalPodAutoscaler", of).slice(0, 2);
      expect(scalers.map(({ metadata }) => metadata.name)).toEqual([
        "llm-service-v1",
        "llm-service-mini",
      ]);
      for (const version of ["v1", "mini"]) {
        const text = yamlText(specOf("HorizontalPodAutoscaler", `llm-service-${version}`, of));
        expect(text).toContain(`service: llm-service\n            version: ${version}\n`);
        expect(rule(of, version)).toBe(true);
      }
    });

    it("ask Prometheus themselves where KEDA scales", () => {
      const of = scaled(scaling.replace("{", "{ by: keda,"));
      const text = yamlText(specOf("ScaledObject", "llm-service-mini", of));
      expect(text).toContain('destination_version="mini"');
    });

    it("leave those alone that deployment does not name", () => {
      const of = scaled(scaling.replace("{", "{ deployment: llm-service-v1,"));
      expect(ofKind("HorizontalPodAutoscaler", of)).toHaveLength(2);
      expect(specOf("Deployment", "llm-service-v1", of)).not.toHaveProperty("replicas");
      expect(specOf("Deployment", "llm-service-mini", of)["replicas"]).toBe(3);
    });
  });

  it("carry the filter's label where the service calls others, and only there", () => {
    expect(templateOf("conversation-service").metadata.labels).toHaveProperty("ganglion", "on");
    expect(templateOf("retrieval-service").metadata.labels).toEqual({
      app: "retrieval",
      version: "v1",
    });
  });

  it("run under the account by which callers are allowed", () => {
    expect(templateOf("retrieval-service").spec.serviceAccountName).toBe("retrieval");
    expect(ofKind("ServiceAccount").map(({ metadata }) => metadata.name)).toContain("retrieval");
  });

  it("have time for their longest request before they are killed", () => {
    const { terminationGracePeriodSeconds: grace } = templateOf("llm-service-v1").spec;
    expect(proxyConfigOf("llm-service-v1")["terminationDrainDuration"]).toBe("300s");
    expect(grace).toBeGreaterThan(300);
    expect(templateOf("retrieval-service").spec.terminationGracePeriodSeconds).toBe(15);
  });

  it("start after their proxy", () => {
    for (const { metadata } of ofKind("Deployment")) {
      expect(proxyConfigOf(metadata.name)["holdApplicationUntilProxyStarts"]).toBe(true);
    }
  });

  it("are scraped once: by annotation alone, on the merged port, or not by annotation", () => {
    const annotations = (name: string, from: string) =>
      Object.entries(
        templateOf(name, operationsObjects(WORKLOAD_POLICY.replace("{ merged: true }", from)))
          .metadata.annotations,
      ).filter(([key]) => key.startsWith("prometheus"));
    const app = [
      ["prometheus.io/scrape", "true"],
      ["prometheus.io/port", "9090"],
      ["prometheus.io/path", "/actuator/prometheus"],
    ];
    expect(annotations("llm-service-v1", "{ merged: true }")).toEqual(app);
    expect(annotations("retrieval-service", "{ merged: true }")).toEqual([]);
    const apart = "{ merged: false }\n  intercept: { exclude_ports: [9090] }";
    expect(annotations("llm-service-v1", apart)).toEqual([
      ...app,
      ["prometheus.istio.io/merge-metrics", "false"],
    ]);
    expect(annotations("retrieval-service", apart)).toEqual([["prometheus.io/scrape", "false"]]);
  });

  it("ask gRPC's own health service, by number since Kubernetes takes no name there", () => {
    const [container] = templateOf("retrieval-service").spec.containers;
    expect(container?.["readinessProbe"]).toEqual({ grpc: { port: 50051 } });
  });

  it("need no patch from an overlay, unless a service's are somebody else's", () => {
    const names = (text: string) =>
      [...operationsFiles(text).keys()].filter((name) => name.startsWith("beside/workload"));
    expect(names(WORKLOAD_POLICY)).toEqual([]);
    expect(names(WORKLOAD_POLICY + OTHER)).toHaveLength(2);
  });

  it("keep what they say beside a patch for somebody else's", () => {
    const text = operationsFiles(WORKLOAD_POLICY + OTHER).get("beside/workload/kustomization.yaml");
    const { patches } = parse(text ?? "") as { patches: { target: object }[] };
    expect(patches.map(({ target }) => target)).toEqual([
      { kind: "Deployment", labelSelector: "app.kubernetes.io/managed-by!=ganglion" },
    ]);
    for (const { metadata } of ofKind("Deployment")) {
      expect(metadata.labels).toHaveProperty(["app.kubernetes.io/managed-by"], "ganglion");
    }
  });

  it("are without findings of verify", () => {
    const text = yamlStream(objects.map(yamlText));
    expect(verifyTexts([{ name: "all.yaml", text }]).findings.map(located)).toEqual([]);
  });

  it("are of kinds that diff looks for", () => {
    const known = RENDERED_KINDS.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    for (const { apiVersion, kind } of objects.filter((one) => one.kind !== "Namespace")) {
      expect(known).toContain(`${apiVersion} ${kind}`);
    }
  });
});

describe("what could never work", () => {
  const refusal = (from: string | RegExp, to: string): string => {
    const changed = WORKLOAD_POLICY.replace(from, to);
    expect(changed).not.toBe(WORKLOAD_POLICY);
    try {
      compiledOperations(changed);
    } catch (error) {
      return (error as Error).message;
    }
    return "taken";
  };

  it.each<[string, string | RegExp, string, string]>([
    [
      "a Service without a port",
      "port: 50051",
      "mode: shadow",
      "services.retrieval-service.workload: services.retrieval-service.port is missing",
    ],
    [
      "a Service for another host",
      "port: 50051",
      "port: 50051\n    host: search.example.com",
      "is not the host search.example.com",
    ],
    ["a port of Istio's", "port: 50051", "port: 15090", "cannot listen on 15090"],
    [
      "a port that passes by the proxy",
      "injection: enabled",
      "injection: enabled\n  intercept: { ports: [8080, 9090] }",
      "calls to 50051 would pass by the proxy",
    ],
    [
      "a port that is kept from the proxy",
      "injection: enabled",
      "injection: enabled\n  intercept: { exclude_ports: [50051] }",
      "services.retrieval-service.workload: calls to 50051 would pass by the proxy: mesh.intercept.exclude_ports has it",
    ],
    [
      "metrics that mutual TLS refuses",
      "{ merged: true }",
      "{ merged: false }",
      "mutual TLS refuses a Prometheus on port 9090: set mesh.prometheus.merged, by which it reads proxy and application on one port, or list this one in mesh.intercept.exclude_ports",
    ],
    [
      "metrics that mutual TLS refuses on the port of the calls",
      /\{ merged: true \}([^]*)port: 9090, /,
      "{ merged: false }$1",
      "mutual TLS refuses a Prometheus on port 8080: set mesh.prometheus.merged, by which it reads proxy and application on one port, or give metrics a port of its own and list that in mesh.intercept.exclude_ports",
    ],
    [
      "arms that are not told apart",
      "subset: v1 }",
      "subset: v1, labels: { version: mini } }",
      "its selector { app: llm-service, version: mini } takes pods of llm-service-mini too",
    ],
    [
      "services that select each other's pods",
      "labels: { app: retrieval }",
      "labels: { app: conversation-service }",
      "its selector { app: conversation-service } takes pods of conversation-service too",
    ],
    [
      "labels of the filter over those of the pods",
      'workloads: { ganglion: "on" }',
      "workloads: { app: caller }",
      "mesh.workloads takes labels away from conversation-service",
    ],
    [
      "a subset that is no name",
      "subset: v1 }",
      "subset: V1.0 }",
      "no Deployment can be called llm-service-V1.0",
    ],
    [
      "an arm's pods without a service's",
      / {4}workload:\n {6}image: registry.example\/ai\/llm[^]*? {4}routes/,
      "    routes",
      "services.llm-service.arms.gpt-4o-mini.workload: has no effect",
    ],
    [
      "replicas beside an autoscaler",
      "args: [--workers",
      "replicas: 4\n      args: [--workers",
      "services.conversation-service.workload.replicas: has no effect beside scaling",
    ],
    [
      "CPU use of pods that ask for none",
      "resources: { cpu_request: 250m }",
      "user: 7",
      "is a share of resources.cpu_request, which the workload of conversation-service lacks",
    ],
    [
      "an autoscaler of nobody's Deployment",
      "cpu_percent: 70 }",
      "cpu_percent: 70, deployment: talk }",
      "talk is no Deployment of the service; there are conversation-service",
    ],
    [
      "one load for several Deployments",
      / {4}routes:\n/,
      "    scaling: { replicas_max: 9, signal: { query: sum(up), target: 5 } }\n    routes:\n",
      "is one number for the whole service",
    ],
    [
      "a load of pods that Istio does not tell apart",
      /subset: v1 \}([^]*?) {4}routes:\n/,
      "subset: v1, labels: { arm: v1 } }$1    scaling: { replicas_max: 9, signal: { requests_per_second: 50 } }\n    routes:\n",
      "pods of llm-service-v1 have no label version",
    ],
    ["an image that changes below it", ":2.0.0", ":latest", "latest is another image"],
    ["an image without tag", ":2.0.0", "", "is no image with a tag"],
    [
      "a secret in a committed file",
      "{ secret: openai, key: api-key }",
      "sk-1",
      "OPENAI_API_KEY is a secret",
    ],
    ["root", "user: 10001", "user: 0", "must be a whole number in [1, 2147483647]"],
  ])("is refused: %s", (_, from, to, words) => {
    expect(refusal(from, to)).toContain(words);
  });
});
