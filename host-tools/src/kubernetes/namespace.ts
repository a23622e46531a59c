// The namespace, for the one label by which Istio's webhook puts sidecars into its pods.

import { type KubeObject, metadata } from "../istio/kube-object";

export interface Injection {
  /** `enabled` or `disabled`; undefined where a revision injects. */
  readonly injection: string | undefined;
  readonly revision: string | undefined;
}

/** A revision wins: with both labels the webhooks of revisions would not see the pods. */
export function namespaceObject(name: string, { injection, revision }: Injection): KubeObject {
  const base = metadata(name);
  const label: Record<string, string> =
    revision === undefined
      ? { "istio-injection": injection ?? "enabled" }
      : { "istio.io/rev": revision };
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { ...base, labels: { ...base.labels, ...label } },
    spec: {},
  };
}
