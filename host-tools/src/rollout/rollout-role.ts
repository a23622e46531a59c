// The least that a rollout needs, as objects to apply once by whoever may. The lease is among them, so
// that no right to create is needed: that one cannot be bound to a name.

import { metadata } from "../istio/kube-object";
import { type RoleRule, roleWithBinding } from "../kubernetes/role";
import { LEASE_KIND, leaseName } from "./rollout-lease";
import type { RolloutPlan } from "./rollout-plan";

/** The rules, and with them everything that the tool may do. */
export function rolloutRules(plan: RolloutPlan): RoleRule[] {
  const { service, metrics } = plan;
  const isToldWhere = metrics?.prometheus !== undefined || metrics?.proxies !== undefined;
  return [
    {
      apiGroups: ["networking.istio.io"],
      resources: ["virtualservices"],
      resourceNames: [service],
      verbs: ["get", "patch"],
    },
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      resourceNames: [leaseName(service)],
      verbs: ["get", "patch"],
    },
    ...(isToldWhere ? [] : [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }]),
  ];
}

/**
 * Lease, Role and, for an account, its binding.
 *
 * @param account service account of the same namespace
 */
export function rolloutRoleObjects(plan: RolloutPlan, account: string | undefined): object[] {
  const { namespace, service } = plan;
  const name = leaseName(service);
  return [
    { ...LEASE_KIND, metadata: metadata(name, namespace), spec: {} },
    ...roleWithBinding(name, namespace, rolloutRules(plan), account),
  ];
}
