// What the Deployments of the policy's workloads need on their pods: a strategic merge patch,
// because the Deployments are not ours. Only annotations that Istio reads: an unknown one is
// ignored without a word.

import type { MeshFacts } from "../config/policy";
import type { Intercept, ProxyResources } from "../config/policy-proxy";
import { METRIC_LABELS } from "../istio/stat-tags";
import { yamlText } from "../istio/yaml-text";

const COMMENT = `\
# Not an object to apply: a patch for the pods of the workloads' Deployments, by the component
# beside it. The name below stands for that of each of them.
`;

const COMPONENT_COMMENT = `\
# Not an object to apply: a component of kustomize. An overlay that lists this folder under
# \`components\` gets the patch into each of its Deployments.
`;

/** What an overlay with the workloads' Deployments lists, in the folder of the patch. */
export function workloadComponent(): string {
  return (
    COMPONENT_COMMENT +
    yamlText({
      apiVersion: "kustomize.config.k8s.io/v1alpha1",
      kind: "Component",
      patches: [{ path: "patch.yaml", target: { kind: "Deployment" } }],
    })
  );
}

/** Undefined for a policy that says nothing of its workloads' proxies. */
export function workloadPatch(mesh: MeshFacts): string | undefined {
  const { proxy, intercept, prometheus } = mesh;
  if (proxy === undefined && intercept === undefined) return undefined;
  const annotations = {
    ...(proxy && proxyAnnotations(proxy)),
    ...(intercept && interceptAnnotations(intercept)),
    ...(prometheus && scrapeAnnotations(prometheus.merged)),
  };
  const hasLabels = Object.keys(mesh.workloads).length > 0;
  const metadata = { ...(hasLabels && { labels: mesh.workloads }), annotations };
  return (
    COMMENT +
    yamlText({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "any" },
      spec: { template: { metadata } },
    })
  );
}

function proxyAnnotations(proxy: ProxyResources): Record<string, string> {
  const { concurrency } = proxy;
  // Not sidecar.istio.io/proxyConcurrency, which does not exist.
  const config = yamlText({
    ...(concurrency !== undefined && { concurrency }),
    extraStatTags: METRIC_LABELS,
  });
  return {
    "proxy.istio.io/config": config,
    ...said("sidecar.istio.io/proxyCPU", proxy.cpu_request),
    ...said("sidecar.istio.io/proxyMemory", proxy.memory_request),
    ...said("sidecar.istio.io/proxyCPULimit", proxy.cpu_limit),
    ...said("sidecar.istio.io/proxyMemoryLimit", proxy.memory_limit),
  };
}

function interceptAnnotations(intercept: Intercept): Record<string, string> {
  const prefix = "traffic.sidecar.istio.io";
  return {
    ...said(`${prefix}/includeInboundPorts`, intercept.ports?.join()),
    ...said(`${prefix}/excludeInboundPorts`, intercept.exclude_ports?.join()),
    ...said(`${prefix}/excludeOutboundPorts`, intercept.exclude_outbound_ports?.join()),
    ...said(`${prefix}/includeOutboundIPRanges`, intercept.include_outbound_ranges?.join()),
    ...said(`${prefix}/excludeOutboundIPRanges`, intercept.exclude_outbound_ranges?.join()),
  };
}

function scrapeAnnotations(isMerged: boolean): Record<string, string> {
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": isMerged ? "15020" : "15090",
    "prometheus.io/path": "/stats/prometheus",
  };
}

function said(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
