// Whether a GitOps controller owns an object. It puts back what is in Git within minutes, so a write past
// it would be undone in silence.

import type { ClusterObject } from "./cluster-object";

/** Labels and annotations that GitOps controllers put on what they own. */
const MARKS: readonly (readonly [prefix: string, controller: string])[] = [
  ["argocd.argoproj.io/", "Argo CD"],
  ["kustomize.toolkit.fluxcd.io/", "Flux"],
  ["helm.toolkit.fluxcd.io/", "Flux"],
  ["fleet.cattle.io/", "Fleet"],
  ["configmanagement.gke.io/", "Config Sync"],
  ["configsync.gke.io/", "Config Sync"],
];
/** Field managers of the same. */
const MANAGERS: readonly (readonly [manager: RegExp, controller: string])[] = [
  [/^argocd/, "Argo CD"],
  [/^(kustomize|helm)-controller$/, "Flux"],
  [/^fleet/, "Fleet"],
  [/^configsync/, "Config Sync"],
];

/** The controller that owns the object and how that shows; undefined where none does. */
export function gitOpsOwner(object: ClusterObject): string | undefined {
  const {
    labels = {},
    annotations = {},
    managedFields = [],
    ownerReferences = [],
  } = object.metadata;
  for (const [what, names] of [
    ["label", Object.keys(labels)],
    ["annotation", Object.keys(annotations)],
  ] as const) {
    for (const [prefix, controller] of MARKS) {
      const name = names.find((one) => one.startsWith(prefix));
      if (name !== undefined) return `${controller} (${what} ${name})`;
    }
  }
  for (const { manager = "" } of managedFields) {
    const found = MANAGERS.find(([pattern]) => pattern.test(manager));
    if (found !== undefined) return `${found[1]} (field manager ${manager})`;
  }
  const owner = ownerReferences.find((one) => one.controller === true);
  return owner === undefined ? undefined : `${owner.kind} ${owner.name} (owner reference)`;
}
