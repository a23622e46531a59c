// A user of the API server with exactly the given rights: a service account, a Role and its binding.

import { type KubeAccess, type KubeClient, type KubeObject } from "./kube-client";
import { writeKubeconfig } from "./kubeconfig";

/** A rule of a Role. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface AccountOptions {
  readonly name: string;
  readonly namespace: string;
  /** Rules of a Role in the account's namespace. */
  readonly rules?: readonly PolicyRule[];
  /** Or a Role of that namespace that exists already. */
  readonly role?: string;
}

export interface Account {
  readonly token: string;
  /** Path of a kubeconfig whose context is this account, in its namespace. */
  readonly kubeconfig: string;
}

export async function createAccount(
  client: KubeClient,
  server: KubeAccess,
  path: string,
  options: AccountOptions,
): Promise<Account> {
  const { name, namespace } = options;
  const metadata = { name, namespace };
  const rbac = "rbac.authorization.k8s.io";
  const objects: KubeObject[] = [{ apiVersion: "v1", kind: "ServiceAccount", metadata }];
  if (options.rules) {
    objects.push({ apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules: options.rules });
  }
  const role = options.role ?? (options.rules && name);
  if (role !== undefined) {
    objects.push({
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name: role },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
  }
  await client.apply(objects);
  const token = await client.token(namespace, name);
  return { token, kubeconfig: writeKubeconfig(path, { ...server, token }, namespace) };
}
