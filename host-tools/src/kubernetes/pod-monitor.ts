// How Prometheus finds the metrics of the namespace's proxies: a PodMonitor for its operator, and the same
// as a job for a Prometheus that is configured by file. All proxies, not only those with the filter: which
// version has answered is counted by the callee's.

import type { MeshFacts } from "../config/policy";
import type { PrometheusFacts } from "../config/policy-telemetry";
import { type KubeObject, metadata } from "../istio/kube-object";
import { yamlText } from "../istio/yaml-text";
import { interval } from "./rule";

export const METRICS_PATH = "/stats/prometheus";
/** Labels of the metrics that say whose pod it is; the alerts group by them. */
const PLACES = [
  ["__meta_kubernetes_namespace", "namespace"],
  ["__meta_kubernetes_pod_name", "pod"],
] as const;
const COMMENT = `\
# Not an object to apply: a job for the scrape_configs of a Prometheus without operator.
`;

export function podMonitor(name: string, mesh: MeshFacts, facts: PrometheusFacts): KubeObject {
  const { labels, ...rest } = metadata(name, mesh.namespace);
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { ...rest, labels: { ...labels, ...facts.labels } },
    spec: {
      selector: {},
      podMetricsEndpoints: [
        {
          path: METRICS_PATH,
          interval: interval(facts.scrape_interval_ms),
          relabelings: [keepProxy(), address(facts)].map(camelCased),
        },
      ],
    },
  };
}

interface Relabeling {
  readonly source_labels: readonly string[];
  readonly target_label?: string;
  readonly action: "keep" | "replace";
  readonly regex?: string;
  readonly replacement?: string;
}

/** One of a pod's many ports stands for the proxy; the rest would be scraped twice. */
function keepProxy(): Relabeling {
  return {
    source_labels: ["__meta_kubernetes_pod_container_name"],
    action: "keep",
    regex: "istio-proxy",
  };
}

/** Envoy's own, or the one where Istio's agent has the application's metrics as well. */
export function metricsPort({ merged }: PrometheusFacts): number {
  return merged ? 15020 : 15090;
}

function address(facts: PrometheusFacts): Relabeling {
  return {
    source_labels: ["__meta_kubernetes_pod_ip"],
    target_label: "__address__",
    action: "replace",
    regex: "(.+)",
    replacement: `$1:${metricsPort(facts)}`,
  };
}

function camelCased(of: Relabeling): unknown {
  const { source_labels: sourceLabels, target_label: targetLabel, ...rest } = of;
  return { sourceLabels, ...(targetLabel && { targetLabel }), ...rest };
}

export function scrapeJob(name: string, mesh: MeshFacts, facts: PrometheusFacts): string {
  const places = PLACES.map(([source, target_label]) => ({
    source_labels: [source],
    target_label,
    action: "replace",
  }));
  const job = {
    job_name: name,
    scrape_interval: interval(facts.scrape_interval_ms),
    metrics_path: METRICS_PATH,
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [mesh.namespace] } }],
    relabel_configs: [keepProxy(), address(facts), ...places],
  };
  return COMMENT + yamlText({ scrape_configs: [job] });
}
