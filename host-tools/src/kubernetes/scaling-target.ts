// What is scaled for a service: its one Deployment, whoever's that is, or those of its arms, each by
// its own load.

import { isScaled, podSetsOf } from "../config/pod-sets";
import type { Policy, PolicyService } from "../config/policy";

export interface ScalingTarget {
  /** Of the object that scales. */
  readonly name: string;
  readonly deployment: string;
  /** The pods' label `version`, where it tells the load of these from that of other arms' pods. */
  readonly version: string | undefined;
}

export function scalingTargets(service: PolicyService, policy: Policy): ScalingTarget[] {
  const { name, scaling } = service;
  if (scaling === undefined) return [];
  const sets = podSetsOf(service, policy);
  if (sets.length === 0) {
    return [{ name, deployment: scaling.deployment ?? name, version: undefined }];
  }
  return sets.filter(isScaled).map((set) => ({
    name: set.name,
    deployment: set.name,
    version: sets.length === 1 ? undefined : set.labels["version"],
  }));
}
