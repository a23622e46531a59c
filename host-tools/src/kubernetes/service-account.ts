// The identity of a service's pods: the last part of the name in their certificates.

import { type KubeObject, metadata } from "../istio/kube-object";

/** The application gets no token of the API server; Istio's agent has one of its own. */
export function serviceAccount(name: string, namespace: string): KubeObject {
  const account = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(name, namespace),
    automountServiceAccountToken: false,
  };
  // The one kind of ours that has no spec; the API server would refuse an empty one.
  return account as unknown as KubeObject;
}
