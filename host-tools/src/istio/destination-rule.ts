// The DestinationRule of one service: one subset per arm. No traffic policy: connection pools and
// outlier detection belong to whoever runs the service, and an object of ours must not overwrite
// theirs.

import type { MeshFacts, PolicyService } from "../config/policy";
import { type KubeObject, metadata } from "./kube-object";

/** Undefined for a service without arms. */
export function destinationRule(service: PolicyService, mesh: MeshFacts): KubeObject | undefined {
  if (service.arms.length === 0) return undefined;
  const subsets = new Map(service.arms.map((arm) => [arm.subset, arm.labels]));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: metadata(service.name, mesh.namespace),
    spec: {
      host: service.host,
      subsets: [...subsets].map(([name, labels]) => ({ name, labels })),
    },
  };
}
