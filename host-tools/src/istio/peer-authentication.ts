// The PeerAuthentication of a namespace: whether its workloads take plaintext. Without a selector,
// so that a workload which nobody thought of is covered as well.

import type { Mtls } from "../config/policy-security";
import { type KubeObject, metadata } from "./kube-object";

const MODES: Readonly<Record<Mtls, string>> = {
  strict: "STRICT",
  permissive: "PERMISSIVE",
  off: "DISABLE",
};

export function peerAuthentication(name: string, namespace: string, mtls: Mtls): KubeObject {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: metadata(name, namespace),
    spec: { mtls: { mode: MODES[mtls] } },
  };
}
