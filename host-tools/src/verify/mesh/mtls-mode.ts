// Which mode of mutual TLS the pods of a selector accept, by the PeerAuthentications that hold for
// them: the workload's own, else the namespace's, else the mesh's.

import { type View, viewOf } from "../source/view";
import type { Mesh } from "./mesh";
import { selects } from "./workloads";

export interface MtlsMode {
  readonly mode: string;
  readonly at: View;
}

interface Authentication {
  readonly selector: Readonly<Record<string, string>>;
  readonly whole: boolean;
  readonly said: MtlsMode;
}

/** Undefined where nothing is said; Istio is then permissive. */
export function mtlsMode(
  mesh: Mesh,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): MtlsMode | undefined {
  const table = authentications(mesh);
  const own = table.get(namespace) ?? [];
  const found =
    own.find(({ selector, whole }) => !whole && selects(selector, labels)) ??
    own.find(({ whole }) => whole) ??
    table.get(mesh.rootNamespace)?.find(({ whole }) => whole);
  return found?.said;
}

const tables = new WeakMap<Mesh, Map<string, Authentication[]>>();

/** Those that say a mode, by namespace. */
function authentications(mesh: Mesh): Map<string, Authentication[]> {
  const known = tables.get(mesh);
  if (known !== undefined) return known;
  const table = new Map<string, Authentication[]>();
  for (const object of mesh.ofIstio("PeerAuthentication")) {
    const spec = viewOf(object).at("spec");
    const at = spec.at("mtls", "mode");
    const mode = at.text();
    if (mode === undefined || mode === "UNSET") continue;
    const selector = spec.at("selector", "matchLabels").labels();
    const whole = Object.keys(selector).length === 0;
    const list = table.get(object.namespace) ?? [];
    table.set(object.namespace, list);
    list.push({ selector, whole, said: { mode, at } });
  }
  tables.set(mesh, table);
  return table;
}
