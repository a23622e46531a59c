// Recording rules and alerts for Prometheus, by its operator's object. Alerts about the filter are
// the policy's, alerts about requests each service's, with the thresholds that the policy names.

import type { Policy } from "../config/policy";
import type { PrometheusFacts } from "../config/policy-telemetry";
import { type KubeObject, metadata } from "../istio/kube-object";
import { filterAlerts } from "./filter-alerts";
import { interval, type Rule } from "./rule";
import { signalRecords } from "./scaling-signal";
import { serviceAlerts, serviceRecords } from "./service-alerts";

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

export function prometheusRule(policy: Policy, facts: PrometheusFacts): KubeObject {
  const { name, namespace, labels } = metadata(policy.name, policy.mesh.namespace);
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name, ...(namespace && { namespace }), labels: { ...labels, ...facts.labels } },
    spec: { groups: ruleGroups(policy, facts) },
  };
}

/** The groups as a rules file of a plain Prometheus has them. */
export function ruleGroups(policy: Policy, facts: PrometheusFacts): RuleGroup[] {
  const { namespace } = policy.mesh;
  const pace = interval(facts.rule_interval_ms);
  const group = (name: string, rules: readonly Rule[]): RuleGroup => ({
    name: `${policy.name}-${name}`,
    interval: pace,
    rules,
  });
  return [
    group("records", [
      ...serviceRecords(policy.services.map(({ host }) => host)),
      ...policy.services.flatMap((service) => signalRecords(service, policy)),
    ]),
    group("filter", filterAlerts(namespace)),
    group(
      "services",
      policy.services.flatMap((service) => serviceAlerts(service, namespace)),
    ),
  ];
}
