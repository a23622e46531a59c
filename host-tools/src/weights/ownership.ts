// Who else writes the object. A GitOps controller puts back what is in Git within minutes, so a push
// past it would be undone in silence; and of fields that others have applied, a server-side apply
// must know which ones are its own.

import type { ManagedFields } from "../cluster";
import type { ClusterObject } from "../cluster";
import type { FilterKind } from "../istio/filter-object";
import { VM_GENERATION } from "./live-filter";

/** Field manager of weights: a manager of its own, so that what others applied stays theirs. */
export const WEIGHTS_MANAGER = "ganglion-weights";

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

/** Which of the fields that weights are made of this manager of ours holds already. */
export interface OwnedFields {
  /** Of the configuration: what earlier versions of this tool took. */
  readonly mode: boolean;
  /** Of the model. */
  readonly modelMode: boolean;
  readonly vmGeneration: boolean;
}

type FieldSet = Readonly<Record<string, unknown>>;

export function ownedFields(object: ClusterObject, kind: FilterKind): OwnedFields {
  const ours = (object.metadata.managedFields ?? []).find(isOurs)?.fieldsV1;
  const spec = within(ours, "f:spec");
  const plugin = kind === "WasmPlugin" ? spec : within(spec, "f:wasm");
  const env = within(within(plugin, "f:vmConfig"), "f:env");
  const config = within(plugin, "f:pluginConfig");
  return {
    mode: config?.["f:mode"] !== undefined,
    modelMode: within(config, "f:model")?.["f:mode"] !== undefined,
    vmGeneration: env?.[`k:{"name":"${VM_GENERATION}"}`] !== undefined,
  };
}

function isOurs(one: ManagedFields): boolean {
  return one.manager === WEIGHTS_MANAGER && one.operation === "Apply";
}

function within(set: FieldSet | undefined, key: string): FieldSet | undefined {
  return set?.[key] as FieldSet | undefined;
}
