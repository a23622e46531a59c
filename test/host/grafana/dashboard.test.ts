// The dashboard of a policy: its bytes, and that nothing in it asks for a metric or a label that nobody
// writes. Prometheus itself reads the expressions in test/e2e/manifests/dashboard.test.ts.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Metric, METRICS, metricName, metricScope } from "../../../host-tools/src/contract";
import { dashboardConfigMap } from "../../../host-tools/src/grafana/config-map";
import { PANEL_KINDS } from "../../../host-tools/src/grafana/panel";
import { metricLabels } from "../../../host-tools/src/istio/stat-tags";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import { expectGolden } from "../../support/golden";
import { ISTIO_LABELS, ISTIO_METRICS } from "../../support/istio-metrics";
import { projectRoot } from "../../support/project-root";
import {
  compiledOperations,
  IMAGE,
  operationsFiles,
  operationsObjects,
} from "../manifests/operations-policy";
import { dashboardOf, DASHBOARD_POLICY, panelsOf } from "./dashboard-policy";

const { policy, config } = compiledOperations(DASHBOARD_POLICY);
const panels = panelsOf();
const expressions = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));

interface JsonPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; h: number };
}
const jsonPanels = dashboardOf()["panels"] as JsonPanel[];

describe("the dashboard of a policy", () => {
  it("has its golden bytes, in a ConfigMap that Grafana's sidecar finds", () => {
    const map = dashboardConfigMap(policy, policy.mesh.dashboard!);
    expect(map.metadata).toMatchObject({
      name: "ganglion-dashboard",
      namespace: "ai-services",
      labels: { grafana_dashboard: "1", "app.kubernetes.io/managed-by": "ganglion" },
      annotations: { grafana_folder: "AI services" },
    });
    expectGolden("manifests/operations/dashboard.yaml", yamlText(map));
  });

  it("is rendered as an object and, for an import by hand, beside the objects", () => {
    const list = manifests(policy, config, { kind: "TrafficExtension", image: IMAGE });
    expect(list.map(({ file }) => file)).toContain("configmap-ganglion-dashboard.yaml");
    const files = operationsFiles(DASHBOARD_POLICY);
    expect(JSON.parse(files.get("beside/grafana-dashboard.json") ?? "")).toEqual(dashboardOf());
  });

  it("is not there where the policy wants none", () => {
    const none = operationsObjects(DASHBOARD_POLICY.replace(/ {2}dashboard:\n( {4}.*\n)+/, ""));
    expect(none.map(({ kind }) => kind)).not.toContain("ConfigMap");
  });

  it("keeps its address when it changes, and has another one than any other policy's", () => {
    const uid = (text: string) => dashboardOf(text)["uid"];
    expect(uid(DASHBOARD_POLICY.replace("error_percent: 2", "error_percent: 3"))).toBe(
      dashboardOf()["uid"],
    );
    expect(uid(DASHBOARD_POLICY.replace("namespace: ai-services", "namespace: other"))).not.toBe(
      dashboardOf()["uid"],
    );
    expect(String(dashboardOf()["uid"]).length).toBeLessThanOrEqual(40);
  });

  it("links to what the policy names", () => {
    expect(dashboardOf()["links"]).toMatchObject([
      { title: "Kiali", url: "http://kiali.istio-system:20001/kiali" },
      { title: "Jaeger", url: "http://tracing.istio-system/jaeger/search" },
    ]);
  });

  it("has rows about what the policy uses, and no others", () => {
    const rows = (text: string) =>
      (dashboardOf(text)["panels"] as JsonPanel[])
        .filter(({ type }) => type === "row")
        .map(({ title }) => title);
    expect(rows(DASHBOARD_POLICY)).toEqual([
      "Traffic",
      "Verdicts",
      "Arms",
      "Limits",
      "Canary",
      "Filter",
    ]);
    const small =
      "version: 1\nmesh: { dashboard: {} }\nservices: { llm: { routes: [{ name: chat }] } }\n";
    expect(rows(small)).toEqual(["Traffic", "Verdicts", "Filter"]);
  });

  it("has panels beside and below each other, none over another", () => {
    expect(new Set(jsonPanels.map(({ id }) => id)).size).toBe(jsonPanels.length);
    const taken = new Set<string>();
    for (const { gridPos } of jsonPanels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), `${x},${y}`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  it("shows every question of the traffic, the filter's reflexes and its health", () => {
    expect(jsonPanels.filter(({ type }) => type !== "row").map(({ title }) => title)).toEqual(
      panels.map(({ title }) => title),
    );
    for (const kind of ["heatmap", "nodeGraph", "timeseries", "state-timeline"] as const) {
      expect(jsonPanels.map(({ type }) => type)).toContain(kind);
    }
    for (const { type } of jsonPanels) expect([...PANEL_KINDS, "row"]).toContain(type);
    for (const { title, description } of panels) expect(description, title).toMatch(/\.$/);
  });
});

describe("the page about observability", () => {
  const page = readFileSync(`${projectRoot()}/docs/observability.md`, "utf8");

  it("quotes the dashboard's four questions about traffic", () => {
    const quoted = [...page.matchAll(/```promql\n(.+)\n```/g)].map(([, expression]) => expression);
    const asked = ["Requests by version", "Latency, 99th percentile", "Errors", "Errors by caller"]
      .map((title) => panels.find((panel) => panel.title === title)?.queries[0]?.expr ?? "")
      .map((expression) =>
        expression
          .replaceAll('=~"$service"', '="llm-service.ai-services.svc.cluster.local"')
          .replaceAll("$__rate_interval", "1m"),
      );
    expect(quoted).toEqual(asked);
  });

  it("shows a policy that is one, and names every row of the dashboard", () => {
    const [, mesh = ""] = /```yaml\n(mesh:\n[^`]+)```/.exec(page) ?? [];
    const istio = mesh.replace("mesh:\n", 'mesh:\n  istio: "1.31"\n');
    const services = "services: { llm: { routes: [{ name: chat }] } }\n";
    const shown = compiledOperations(`version: 1\n${istio}${services}`).policy;
    expect(dashboardOf(`version: 1\n${istio}${services}`)["links"]).toHaveLength(2);
    expect(shown.mesh.tracing?.url_query).toBe(false);
    for (const { type, title } of jsonPanels) {
      if (type === "row") expect(page).toMatch(new RegExp(`^\\| ${title} `, "m"));
    }
  });
});

describe("an expression of the dashboard", () => {
  const ours = new Map(
    Array.from({ length: METRICS }, (_, metric) => [metricName(metric), metric] as const),
  );
  const named = (expression: string): string[] =>
    expression.match(/\b(istio|ganglion)_[a-z0-9_]+/g) ?? [];

  it("asks only for metrics that the filter or Istio writes", () => {
    const metrics = expressions.flatMap(named);
    expect(metrics.length).toBeGreaterThan(30);
    expect(metrics.filter((one) => !ours.has(one) && !ISTIO_METRICS.includes(one))).toEqual([]);
  });

  it("asks a metric only for labels that it has", () => {
    const strange: string[] = [];
    let count = 0;
    for (const expression of expressions) {
      const metrics = named(expression);
      // Where several metrics meet, each has every label that is asked for.
      const groups = [...expression.matchAll(/\bby \(([a-z_, ]+)\)/g)].flatMap(([, of]) =>
        (of ?? "").split(", "),
      );
      const selected = [...expression.matchAll(/[{,]([a-z_]+)(?:=~|=|!=)"/g)].map(([, of]) => of!);
      const made = [...expression.matchAll(/, "(id|title|source|target)"/g)].map(([, of]) => of!);
      for (const label of [...groups, ...selected]) {
        count++;
        for (const metric of metrics) {
          const known = ours.has(metric) ? labelsOfOurs(ours.get(metric)!) : ISTIO_LABELS;
          if (!known.includes(label) && !made.includes(label)) strange.push(`${metric}: ${label}`);
        }
      }
    }
    expect(count).toBeGreaterThan(100);
    expect(strange).toEqual([]);
  });

  /** Its own, and those that scraping adds. */
  function labelsOfOurs(metric: number): readonly string[] {
    return [...metricLabels(metricScope(metric)), "namespace", "pod"];
  }

  it("is there for everything that somebody has to act on", () => {
    const shown = new Set(expressions.flatMap(named));
    const urgent = [
      Metric.VerdictsTotal,
      Metric.LimitedTotal,
      Metric.ErrorsTotal,
      Metric.ConfigError,
      Metric.ConfigEpoch,
      Metric.HeartbeatSeconds,
      Metric.ModelVersion,
      Metric.ArmEjected,
      Metric.IncidentOpen,
      Metric.CanaryKilled,
    ];
    for (const metric of urgent) expect(shown).toContain(metricName(metric));
  });
});
