// The least that `verify --cluster` needs, as objects to apply once by whoever may: to list what the rules
// look at, and nothing else. Neither secrets nor pods are among it.

import { type RoleRule, roleWithBinding } from "../kubernetes/role";
import { CLUSTER_KINDS, pluralsByGroup } from "./source/cluster-kinds";

const VERIFY_ROLE = "ganglion-verify";

export interface VerifyRoleChoices {
  /** Of the Role, and of the account. */
  readonly namespace: string;
  /** Service account to bind; undefined: the Role alone. */
  readonly account?: string | undefined;
}

/** The rules, and with them everything that the reader may do. */
function verifyRules(): RoleRule[] {
  return [...pluralsByGroup(CLUSTER_KINDS)].map(([group, resources]) => ({
    apiGroups: [group],
    resources,
    verbs: ["list"],
  }));
}

export function verifyRoleObjects({ namespace, account }: VerifyRoleChoices): object[] {
  return roleWithBinding(VERIFY_ROLE, namespace, verifyRules(), account);
}
