// A policy whose dashboard has every row that there is.

import { dashboardConfigMap } from "../../../host-tools/src/grafana/config-map";
import { dashboardRows } from "../../../host-tools/src/grafana/dashboard-rows";
import type { Panel } from "../../../host-tools/src/grafana/panel";
import { compiledOperations } from "../manifests/operations-policy";

export const DASHBOARD_POLICY = `\
version: 1
mesh:
  istio: "1.31"
  namespace: ai-services
  dashboard:
    folder: AI services
    links:
      Kiali: http://kiali.istio-system:20001/kiali
      Jaeger: http://tracing.istio-system/jaeger/search
services:
  llm-service:
    port: 8080
    arms: { gpt-4o: { subset: v1 }, gpt-4o-next: { subset: v2 } }
    alerts: { error_percent: 2 }
    rollout: { stable: gpt-4o, canary: gpt-4o-next, guard: { mode: off } }
    routes:
      - name: chat
        match: { path_prefix: /api/llm, authority: llm-service }
        arms: [gpt-4o]
        limits: [{ name: tier, requests_per_second: 10, burst: 10 }]
  retrieval-service:
    routes: [{ name: search, match: { path_prefix: /search, authority: retrieval-service } }]
`;

/** Every panel of every row. */
export function panelsOf(text = DASHBOARD_POLICY): Panel[] {
  return dashboardRows(compiledOperations(text).policy).flatMap(({ panels }) => panels);
}

/** What Grafana would read. */
export function dashboardOf(text = DASHBOARD_POLICY): Record<string, unknown> {
  const { policy } = compiledOperations(text);
  const { dashboard } = policy.mesh;
  if (dashboard === undefined) throw new Error("the policy wants no dashboard");
  const { data } = dashboardConfigMap(policy, dashboard) as unknown as {
    data: Record<string, string>;
  };
  return JSON.parse(Object.values(data)[0] ?? "") as Record<string, unknown>;
}

/** As Grafana puts it to Prometheus where both services and all routes are chosen. */
export function filledIn(expression: string): string {
  const hosts = ["llm-service", "retrieval-service"].map(
    (name) => `${name}\\\\.ai-services\\\\.svc\\\\.cluster\\\\.local`,
  );
  return expression
    .replaceAll("$service", `(${hosts.join("|")})`)
    .replaceAll("$route", "(chat|search)")
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "1h");
}
