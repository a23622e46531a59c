// Whose fields are whose: of those that others have applied, a server-side apply must know which ones
// are its own.

import type { ManagedFields } from "../cluster";
import type { ClusterObject } from "../cluster";
import type { FilterKind } from "../istio/filter-object";
import { VM_GENERATION } from "./live-filter";

/** Field manager of weights: a manager of its own, so that what others applied stays theirs. */
export const WEIGHTS_MANAGER = "ganglion-weights";

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
