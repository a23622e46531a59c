// The identity of a service's pods: the last part of the name in their certificates.

import { type KubeObject, metadata, withoutSpec } from "../istio/kube-object";

/** The application gets no token of the API server; Istio's agent has one of its own. */
export function serviceAccount(name: string, namespace: string): KubeObject {
  return withoutSpec({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(name, namespace),
    automountServiceAccountToken: false,
  });
}
