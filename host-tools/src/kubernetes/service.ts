// The Service of a policy's service. It selects the pods of all arms: which of them a request goes
// to is for the subsets of the DestinationRule.

import type { PolicyService } from "../config/policy";
import type { Workload } from "../config/policy-workload";
import { serviceSelector } from "../config/pod-sets";
import { type KubeObject, metadata } from "../istio/kube-object";

/** Istio takes the protocol from the port's name; without one it has to guess from the bytes. */
export function serviceObject(
  service: PolicyService,
  { protocol }: Workload,
  namespace: string,
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(service.name, namespace),
    spec: {
      selector: serviceSelector(service),
      ports: [{ name: protocol, port: service.port, targetPort: protocol, protocol: "TCP" }],
    },
  };
}
