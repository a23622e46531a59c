// Which mode of mutual TLS the pods of a selector accept, by the PeerAuthentications that hold for
// them: the workload's own, else the namespace's, else the mesh's.

import type { MeshObject } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";
import type { Mesh } from "./mesh";
import { selects } from "./workloads";

export interface MtlsMode {
  readonly mode: string;
  readonly at: View;
}

/** Undefined where nothing is said; Istio is then permissive. */
export function mtlsMode(
  mesh: Mesh,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): MtlsMode | undefined {
  const all = mesh.ofIstio("PeerAuthentication");
  const selector = (object: MeshObject): Record<string, string> =>
    viewOf(object).at("spec", "selector", "matchLabels").labels();
  const whole = (object: MeshObject): boolean => Object.keys(selector(object)).length === 0;
  const levels = [
    all.filter(
      (one) => one.namespace === namespace && !whole(one) && selects(selector(one), labels),
    ),
    all.filter((one) => one.namespace === namespace && whole(one)),
    all.filter((one) => one.namespace === mesh.rootNamespace && whole(one)),
  ];
  for (const level of levels) {
    for (const object of level) {
      const at = viewOf(object).at("spec", "mtls", "mode");
      const mode = at.text();
      if (mode !== undefined && mode !== "UNSET") return { mode, at };
    }
  }
  return undefined;
}
