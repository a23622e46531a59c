// Every kind of object that a policy can become, for whoever looks for what is left of an older one.

import { DASHBOARD_LABEL } from "../grafana/config-map";

export interface RenderedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Labels beside ours, where a kind is also written by what renders nothing. */
  readonly labels?: Readonly<Record<string, string>>;
}

const kinds = (apiVersion: string, ...names: string[]): RenderedKind[] =>
  names.map((kind) => ({ apiVersion, kind }));

const dashboards: RenderedKind = { apiVersion: "v1", kind: "ConfigMap", labels: DASHBOARD_LABEL };

/** Without Namespace, which nobody removes because a policy does not mention it. */
export const RENDERED_KINDS: readonly RenderedKind[] = [
  ...kinds("extensions.istio.io/v1alpha1", "WasmPlugin", "TrafficExtension"),
  ...kinds(
    "networking.istio.io/v1",
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "Sidecar",
    "VirtualService",
  ),
  ...kinds("networking.istio.io/v1alpha3", "EnvoyFilter"),
  ...kinds("security.istio.io/v1", "AuthorizationPolicy", "PeerAuthentication"),
  ...kinds("telemetry.istio.io/v1", "Telemetry"),
  ...kinds("v1", "Service", "ServiceAccount"),
  ...kinds("apps/v1", "Deployment"),
  ...kinds("autoscaling/v2", "HorizontalPodAutoscaler"),
  ...kinds("keda.sh/v1alpha1", "ScaledObject"),
  ...kinds("monitoring.coreos.com/v1", "PodMonitor", "PrometheusRule"),
  dashboards,
  ...kinds("argoproj.io/v1alpha1", "AnalysisTemplate"),
  ...kinds("gateway.envoyproxy.io/v1alpha1", "EnvoyExtensionPolicy"),
];
