// What `ganglion render` gives for a policy, as the API server takes it.

import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { filterImage } from "../../../host-tools/src/istio/filter-object";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import type { KubeObject } from "../rig";

const NO_IMAGE = `oci://registry.example/filter@sha256:${"1".repeat(64)}`;

/** @param image of the filter; without one the filter's object is left out */
export function policyObjects(text: string, image?: string): KubeObject[] {
  const { policy, config } = compilePolicy(text, "ganglion.yaml");
  const choices = { kind: "TrafficExtension", image: filterImage(image ?? NO_IMAGE) } as const;
  return manifests(policy, config, choices)
    .map(({ object }) => ({ ...object }) as KubeObject)
    .filter(({ kind }) => image !== undefined || kind !== choices.kind);
}
