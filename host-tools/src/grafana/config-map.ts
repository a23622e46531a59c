// The dashboard as Grafana's sidecar loads it: a ConfigMap with a label. The sidecar has to look into the
// policy's namespace (its searchNamespace: ALL).

import type { Policy } from "../config/policy";
import type { DashboardFacts } from "../config/policy-dashboard";
import { type KubeObject, metadata, withoutSpec } from "../istio/kube-object";
import { dashboardJson } from "./dashboard-json";

const SIDECAR_LABELS = { grafana_dashboard: "1" };
/** Tells it from ConfigMaps of ours that are no rendered objects, such as a history of weights. */
export const DASHBOARD_LABEL = { "app.kubernetes.io/component": "dashboard" } as const;

export function dashboardConfigMap(policy: Policy, facts: DashboardFacts): KubeObject {
  const name = `${policy.name}-dashboard`;
  const { labels, ...rest } = metadata(name, policy.mesh.namespace);
  return withoutSpec({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      ...rest,
      labels: { ...labels, ...DASHBOARD_LABEL, ...(facts.labels ?? SIDECAR_LABELS) },
      ...(facts.folder !== undefined && { annotations: { grafana_folder: facts.folder } }),
    },
    data: { [`${policy.mesh.namespace}-${policy.name}.json`]: dashboardText(policy, facts) },
  });
}

/** For Grafana's own import. */
export function dashboardText(policy: Policy, facts: DashboardFacts): string {
  return `${JSON.stringify(dashboardJson(policy, facts), undefined, 2)}\n`;
}
