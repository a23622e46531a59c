// What a Deployment of ours tells Istio about its pods' proxies, and Prometheus about their metrics.

import type { PodSet } from "../config/pod-sets";
import type { MeshFacts } from "../config/policy";
import { METRIC_LABELS } from "../istio/stat-tags";
import { yamlText } from "../istio/yaml-text";
import { interceptAnnotations, resourceAnnotations, scrapeAnnotations } from "./pod-annotations";

const DRAIN_S_MIN = 30;
/** By Istio's own default: long enough for callers' proxies to have heard. */
const DRAIN_MIN = "5s";

export function deploymentAnnotations(set: PodSet, mesh: MeshFacts): Record<string, string> {
  const { proxy, intercept } = mesh;
  return {
    "proxy.istio.io/config": yamlText({
      // A call that the application makes while it starts finds its proxy there.
      holdApplicationUntilProxyStarts: true,
      ...(proxy?.concurrency !== undefined && { concurrency: proxy.concurrency }),
      extraStatTags: METRIC_LABELS,
      // The proxy goes with its last connection, at the latest with the pod.
      terminationDrainDuration: `${drainS(set)}s`,
      proxyMetadata: {
        EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true",
        MINIMUM_DRAIN_DURATION: DRAIN_MIN,
      },
    }),
    ...(proxy && resourceAnnotations(proxy)),
    ...(intercept && interceptAnnotations(intercept)),
    ...metricAnnotations(set, mesh),
  };
}

/** Seconds that requests under way have: as long as any of them may take. */
export function drainS({ service, workload }: PodSet): number {
  const timeouts = service.routes.map(({ timeoutMs }) => Math.ceil((timeoutMs ?? 0) / 1000));
  return workload.drain_s ?? Math.max(DRAIN_S_MIN, ...timeouts);
}

/**
 * Nothing is scraped twice: proxies are found by the PodMonitor or the job, and annotations tell of
 * the application alone, unless Istio merges both onto one port.
 */
function metricAnnotations(set: PodSet, { prometheus }: MeshFacts): Record<string, string> {
  const { metrics } = set.workload;
  if (metrics === undefined) {
    return prometheus?.merged === false ? { "prometheus.io/scrape": "false" } : {};
  }
  return {
    ...scrapeAnnotations(set.metricsPort ?? 0, metrics.path),
    ...(prometheus?.merged === false && { "prometheus.istio.io/merge-metrics": "false" }),
  };
}
