// How an object sets rules aside.

import type { MeshObject } from "./source/mesh-object";

/** Annotation of an object: `ID: reason`, several separated by `;`. Without a reason it is void. */
export const IGNORE_ANNOTATION = "ganglion.dev/verify-ignore";

/** Rules that the object's annotation sets aside, each with its reason; empty where it has none. */
export function ignoredRules(object: MeshObject): Map<string, string> {
  const entries = (object.annotations[IGNORE_ANNOTATION] ?? "").split(";");
  return new Map(
    entries
      .map((entry) => entry.trim())
      .filter(Boolean)
      .map((entry) => {
        const [id = "", ...reason] = entry.split(":");
        return [id.trim(), reason.join(":").trim()];
      }),
  );
}
