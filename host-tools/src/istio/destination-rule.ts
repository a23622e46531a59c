// The DestinationRule of one service: a subset per arm, and how its callers connect. Where the
// policy says nothing of connections there is no traffic policy, so that an object of ours never
// overwrites what somebody else has decided.

import type { MeshFacts, PolicyService } from "../config/policy";
import { type KubeObject, metadata } from "./kube-object";
import { trafficPolicy } from "./traffic-policy";

/** Undefined for a service without arms of whose connections nothing is said. */
export function destinationRule(service: PolicyService, mesh: MeshFacts): KubeObject | undefined {
  const policy = trafficPolicy(service);
  if (service.arms.length === 0 && policy === undefined) return undefined;
  const subsets = new Map(service.arms.map((arm) => [arm.subset, arm.labels]));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: metadata(service.name, mesh.namespace),
    spec: {
      host: service.host,
      ...(policy === undefined ? {} : { trafficPolicy: policy }),
      ...(subsets.size === 0
        ? {}
        : { subsets: [...subsets].map(([name, labels]) => ({ name, labels })) }),
    },
  };
}
