// What `verify --cluster` looks at, in the version that every supported Istio or Kubernetes serves.

import { groupOf } from "../../cluster";

export interface ClusterKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** As paths and rules of RBAC name it. */
  readonly plural: string;
}

const kinds = (apiVersion: string, names: Readonly<Record<string, string>>): ClusterKind[] =>
  Object.entries(names).map(([kind, plural]) => ({ apiVersion, kind, plural }));

export const CLUSTER_KINDS: readonly ClusterKind[] = [
  ...kinds("networking.istio.io/v1", {
    VirtualService: "virtualservices",
    DestinationRule: "destinationrules",
    ServiceEntry: "serviceentries",
    Sidecar: "sidecars",
    Gateway: "gateways",
  }),
  ...kinds("networking.istio.io/v1alpha3", { EnvoyFilter: "envoyfilters" }),
  ...kinds("security.istio.io/v1", {
    AuthorizationPolicy: "authorizationpolicies",
    PeerAuthentication: "peerauthentications",
  }),
  ...kinds("telemetry.istio.io/v1", { Telemetry: "telemetries" }),
  ...kinds("extensions.istio.io/v1alpha1", {
    WasmPlugin: "wasmplugins",
    TrafficExtension: "trafficextensions",
  }),
  ...kinds("v1", { Service: "services", ConfigMap: "configmaps" }),
  ...kinds("apps/v1", { Deployment: "deployments", StatefulSet: "statefulsets" }),
  ...kinds("batch/v1", { CronJob: "cronjobs" }),
  ...kinds("autoscaling/v2", { HorizontalPodAutoscaler: "horizontalpodautoscalers" }),
  ...kinds("monitoring.coreos.com/v1", { PrometheusRule: "prometheusrules" }),
  ...kinds("argoproj.io/v1alpha1", {
    AnalysisTemplate: "analysistemplates",
    Rollout: "rollouts",
  }),
  ...kinds("flagger.app/v1beta1", { Canary: "canaries", MetricTemplate: "metrictemplates" }),
];

/** Plurals of the kinds by their API group, both in the order given. */
export function pluralsByGroup(list: readonly ClusterKind[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const kind of list) {
    const group = groupOf(kind.apiVersion);
    groups.set(group, [...(groups.get(group) ?? []), kind.plural]);
  }
  return groups;
}
