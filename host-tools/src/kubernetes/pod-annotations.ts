// Annotations of pods with a sidecar. Only such as Istio reads: an unknown one is ignored without a
// word.

import type { Intercept, ProxyResources } from "../config/policy-proxy";
import { said } from "../istio/kube-object";

type Annotations = Record<string, string>;

/** What the sidecar may use; the number of its threads stands in its configuration. */
export function resourceAnnotations(proxy: ProxyResources): Annotations {
  return said({
    "sidecar.istio.io/proxyCPU": proxy.cpu_request,
    "sidecar.istio.io/proxyMemory": proxy.memory_request,
    "sidecar.istio.io/proxyCPULimit": proxy.cpu_limit,
    "sidecar.istio.io/proxyMemoryLimit": proxy.memory_limit,
  }) as Annotations;
}

export function interceptAnnotations(intercept: Intercept): Annotations {
  const prefix = "traffic.sidecar.istio.io";
  return said({
    [`${prefix}/includeInboundPorts`]: intercept.ports?.join(),
    [`${prefix}/excludeInboundPorts`]: intercept.exclude_ports?.join(),
    [`${prefix}/excludeOutboundPorts`]: intercept.exclude_outbound_ports?.join(),
    [`${prefix}/includeOutboundIPRanges`]: intercept.include_outbound_ranges?.join(),
    [`${prefix}/excludeOutboundIPRanges`]: intercept.exclude_outbound_ranges?.join(),
  }) as Annotations;
}

/** Where a Prometheus that goes by annotations finds metrics. */
export function scrapeAnnotations(port: number, path: string): Annotations {
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port),
    "prometheus.io/path": path,
  };
}
