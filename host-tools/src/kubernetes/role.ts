// A Role of one namespace with, for an account, its binding.

import { type KubeObject, metadata } from "../istio/kube-object";

export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "rbac.authorization.k8s.io";

/** @param account service account of the same namespace; undefined: the Role alone */
export function roleWithBinding(
  name: string,
  namespace: string,
  rules: readonly RoleRule[],
  account: string | undefined,
): object[] {
  const named = (kind: string): Pick<KubeObject, "apiVersion" | "kind" | "metadata"> => ({
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: metadata(name, namespace),
  });
  const role = { ...named("Role"), rules };
  if (account === undefined) return [role];
  const binding = {
    ...named("RoleBinding"),
    roleRef: { apiGroup: RBAC, kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name: account, namespace }],
  };
  return [role, binding];
}
