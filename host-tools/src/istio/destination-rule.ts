// The DestinationRule of one service: a subset per arm, and how its callers connect. Where the
// policy says nothing of connections there is no traffic policy, so that an object of ours never
// overwrites what somebody else has decided.

import type { MeshFacts, PolicyArm, PolicyService } from "../config/policy";
import { type KubeObject, metadata } from "./kube-object";
import { armPool, connectionPool, trafficPolicy } from "./traffic-policy";

/** Undefined for a service without arms of whose connections nothing is said. */
export function destinationRule(service: PolicyService, mesh: MeshFacts): KubeObject | undefined {
  const policy = trafficPolicy(service);
  if (service.arms.length === 0 && policy === undefined) return undefined;
  const subsets = new Map(service.arms.map((arm) => [arm.subset, subset(arm, service)]));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: metadata(service.name, mesh.namespace),
    spec: {
      host: service.host,
      ...(policy === undefined ? {} : { trafficPolicy: policy }),
      ...(subsets.size === 0 ? {} : { subsets: [...subsets.values()] }),
    },
  };
}

/** A subset's pool replaces that of the host as a whole, so it is written out with both. */
function subset(arm: PolicyArm, service: PolicyService): object {
  const { subset: name, labels } = arm;
  const pool = arm.pool && armPool(service, arm);
  if (pool === undefined) return { name, labels };
  return { name, labels, trafficPolicy: { connectionPool: connectionPool(pool) } };
}
