// The least that a pusher of weights needs, as objects to apply once by whoever may. Nothing in it
// lets the pusher make, delete or list an object of another name; the one thing that cannot be bound
// to a name is the list of pods, and with proxies named by hand it is not needed either.

import { EXTENSION_API, type FilterKind } from "../istio/filter-object";
import { metadata } from "../istio/kube-object";
import { type RoleRule, roleWithBinding } from "../kubernetes/role";
import { historyName } from "./history";

export interface RoleChoices {
  readonly namespace: string;
  /** Name of the object that carries the filter. */
  readonly name: string;
  readonly kind: FilterKind;
  /** Service account to bind, in the same namespace; undefined: the Role alone. */
  readonly account?: string | undefined;
  /** How proxies are found and read: `named` and `prometheus` need no right to pods. */
  readonly through: "direct" | "apiserver" | "none";
}

/** The rules, and with them everything that the pusher may do. */
export function roleRules(choices: RoleChoices): RoleRule[] {
  const { name, kind, through } = choices;
  const plural = kind === "WasmPlugin" ? "wasmplugins" : "trafficextensions";
  const group = EXTENSION_API.slice(0, EXTENSION_API.indexOf("/"));
  return [
    { apiGroups: [group], resources: [plural], resourceNames: [name], verbs: ["get", "patch"] },
    {
      apiGroups: [""],
      resources: ["configmaps"],
      resourceNames: [historyName(name)],
      verbs: ["get", "patch"],
    },
    ...(through === "none" ? [] : [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }]),
    ...(through === "apiserver"
      ? [{ apiGroups: [""], resources: ["pods/proxy"], verbs: ["get"] }]
      : []),
  ];
}

/**
 * The Role, its binding, and the empty history, which is here so that the pusher needs no right to
 * create: that one cannot be bound to a name.
 */
export function roleObjects(choices: RoleChoices): object[] {
  const { namespace, name, account } = choices;
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata(historyName(name), namespace) },
    ...roleWithBinding(`${name}-weights`, namespace, roleRules(choices), account),
  ];
}
