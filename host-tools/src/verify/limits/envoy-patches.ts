// What EnvoyFilters put into Envoy: patches by what they apply to, and typed configurations.

import type { Mesh } from "../mesh/mesh";
import { type View, viewOf } from "../source/view";

export interface Patch {
  readonly applyTo: string;
  readonly context: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The patch's value. */
  readonly value: View;
}

export interface TypedFilter {
  /** `envoy.extensions.filters.http.ratelimit.v3.RateLimit`. */
  readonly name: string;
  /** The typed configuration's own fields. */
  readonly config: View;
  readonly patch: Patch;
}

export function patchesOf(mesh: Mesh): Patch[] {
  return mesh.ofIstio("EnvoyFilter").flatMap((object) => {
    const spec = viewOf(object).at("spec");
    const labels = spec.at("workloadSelector", "labels").labels();
    return spec
      .at("configPatches")
      .items()
      .map((patch) => ({
        applyTo: patch.at("applyTo").text() ?? "",
        context: patch.at("match", "context").text() ?? "ANY",
        labels,
        value: patch.at("patch", "value"),
      }));
  });
}

/** HTTP filters that patches add or merge, by their type. */
export function* filtersOf(mesh: Mesh): Iterable<TypedFilter> {
  for (const patch of patchesOf(mesh)) {
    if (patch.applyTo !== "HTTP_FILTER") continue;
    const typed = patch.value.at("typed_config");
    const url = typed.at("type_url").text();
    const config = url === undefined ? typed : typed.at("value");
    const name = (url ?? typed.at("@type").text() ?? "").replace(/^type\.googleapis\.com\//, "");
    if (name !== "") yield { name, config, patch };
  }
}

/** True when there may be a proxy that has both patches. */
export function meet(a: Patch, b: Patch): boolean {
  const contexts = a.context === "ANY" || b.context === "ANY" || a.context === b.context;
  const labels = Object.entries(a.labels).every(
    ([key, value]) => b.labels[key] === undefined || b.labels[key] === value,
  );
  return contexts && labels;
}
