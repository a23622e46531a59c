// The policies of wasmplugin/ as the objects that they render to, committed so that they can be read
// and applied without the tool.

import { compilePolicy } from "../config/policy-compile";
import { filterImage, filterKind } from "../istio/filter-object";
import { companionFiles, manifests } from "../manifests/manifests";
import { yamlText } from "../istio/yaml-text";

/** Each policy and the folder of its objects. */
export const RENDERED_POLICIES: readonly (readonly [policy: string, folder: string])[] = [
  ["wasmplugin/examples/llm-service/ganglion.yaml", "wasmplugin/base"],
  ["wasmplugin/examples/assistant/ganglion.yaml", "wasmplugin/examples/assistant/manifests"],
];
/** Stands where a user's own image goes; kustomize replaces it (wasmplugin/README.md). */
const PLACE_OF_IMAGE = `oci://registry.example/ganglion/filter@sha256:${"0".repeat(64)}`;

/** @param read gives the text of a file of the tree */
export function renderedPolicies(read: (path: string) => string): [path: string, text: string][] {
  return RENDERED_POLICIES.flatMap(([file, folder]) => {
    const { policy, config } = compilePolicy(read(file), file);
    const list = manifests(policy, config, {
      kind: filterKind("auto", policy.mesh.istio),
      image: filterImage(PLACE_OF_IMAGE),
    });
    const objects = list.map(({ file: name, object }) => [name, yamlText(object)] as const);
    return [...objects, ...companionFiles(list, policy)].map(([name, text]): [string, string] => [
      `${folder}/${name}`,
      text,
    ]);
  });
}
