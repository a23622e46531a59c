// The security objects of a policy, as `ganglion render` gives them.

import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { filterImage } from "../../../host-tools/src/istio/filter-object";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import type { KubeObject } from "../rig";

const IMAGE = `oci://registry.example/ganglion/filter@sha256:${"0".repeat(64)}`;

/** One service that one account may call, by one method and below one path; nothing else may be called. */
const policyOf = (namespace: string): string => `\
version: 1
mesh:
  istio: "1.31"
  namespace: ${namespace}
  workloads: { ganglion: "on" }
  mtls: strict
  deny_by_default: true
services:
  llm-service:
    port: 8080
    arms: { a: { subset: v1 } }
    allow: [{ from: [conversation-service], methods: [POST], paths: [/api/llm/*] }]
    routes: [{ name: chat, match: { path_prefix: /api/llm }, arms: [a] }]
`;

export interface SecurityObjects {
  readonly peerAuthentication: KubeObject;
  /** The policy that allows nothing. */
  readonly denyByDefault: KubeObject;
  /** The policy of the service. */
  readonly callers: KubeObject;
}

/** @throws Error where the policy renders other security objects than these three */
export function securityObjects(namespace: string): SecurityObjects {
  const { policy, config } = compilePolicy(policyOf(namespace), "ganglion.yaml");
  const rendered = manifests(policy, config, { kind: "WasmPlugin", image: filterImage(IMAGE) });
  const objects = rendered
    .map(({ object }) => object as unknown as KubeObject)
    .filter(({ apiVersion }) => apiVersion.startsWith("security.istio.io/"));
  const only = (kind: string, isWanted: (object: KubeObject) => boolean): KubeObject => {
    const found = objects.filter((object) => object.kind === kind && isWanted(object));
    if (found.length === 1) return found[0]!;
    throw new Error(`the policy renders ${found.length} such ${kind}`);
  };
  const hasRules = ({ spec }: KubeObject) => (spec as { rules?: unknown }).rules !== undefined;
  return {
    peerAuthentication: only("PeerAuthentication", () => true),
    denyByDefault: only("AuthorizationPolicy", (object) => !hasRules(object)),
    callers: only("AuthorizationPolicy", hasRules),
  };
}
