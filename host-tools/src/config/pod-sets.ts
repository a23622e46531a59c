// The Deployments that a policy's services have, each with what an arm says over its service: one
// per arm, because arms are told apart by the labels of their pods.

import type { Policy, PolicyArm, PolicyService } from "./policy";
import { said } from "./policy-route";
import type { Variable, Workload, WorkloadResources } from "./policy-workload";

/** Pods of one Deployment. */
export interface PodSet {
  readonly service: PolicyService;
  readonly workload: Workload;
  /** Undefined for a service without arms. */
  readonly arm: PolicyArm | undefined;
  /** Of the Deployment. */
  readonly name: string;
  /** Selects these pods and no others. A Deployment's selector can never change. */
  readonly selector: Readonly<Record<string, string>>;
  /** Of the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** On which the application listens. */
  readonly port: number | undefined;
  /** Where it tells its metrics, if it has any. */
  readonly metricsPort: number | undefined;
  readonly image: string;
  readonly replicas: number;
  readonly args: readonly string[] | undefined;
  readonly env: ReadonlyMap<string, Variable>;
  readonly resources: WorkloadResources | undefined;
}

/** None for a service whose pods are somebody else's. */
export function podSetsOf(service: PolicyService, policy: Policy): PodSet[] {
  const { workload, arms } = service;
  if (workload === undefined) return [];
  if (arms.length === 0) return [podSet(service, workload, undefined, policy)];
  return arms.map((arm) => podSet(service, workload, arm, policy));
}

function podSet(
  service: PolicyService,
  workload: Workload,
  arm: PolicyArm | undefined,
  policy: Policy,
): PodSet {
  const { version } = workload;
  const own = arm?.workload;
  const selector = { ...serviceSelector(service), ...arm?.labels };
  return {
    service,
    workload,
    arm,
    name: arm === undefined ? service.name : `${service.name}-${arm.subset}`,
    selector,
    labels: {
      ...selector,
      ...(arm === undefined && version !== undefined && { version }),
      ...(runsFilter(service, workload, policy) && policy.mesh.workloads),
    },
    ...portsOf(service, workload),
    image: own?.image ?? workload.image,
    replicas: own?.replicas ?? workload.replicas,
    args: own?.args ?? workload.args,
    env: new Map([...(workload.env ?? []), ...(own?.env ?? [])]),
    resources: { ...workload.resources, ...said(own?.resources) } as WorkloadResources,
  };
}

/** Of an application: where it listens, and where its metrics are. */
export function portsOf({ port: outer }: PolicyService, { port: own, metrics }: Workload) {
  const port = own ?? outer;
  return { port, metricsPort: metrics?.port ?? port };
}

/** Whether an autoscaler says how many pods there are: of all Deployments, or of the one it names. */
export function isScaled({ service: { scaling }, name }: PodSet): boolean {
  return scaling !== undefined && (scaling.deployment ?? name) === name;
}

/** Labels that all pods of a service have, and no others: what its Service selects by. */
export function serviceSelector({
  labels,
  name,
}: Pick<PolicyService, "name" | "labels">): Readonly<Record<string, string>> {
  return labels ?? { app: name };
}

/** The filter runs in the proxies of callers; without `calls` nobody knows who they are. */
function runsFilter({ name }: PolicyService, { filter }: Workload, { calls }: Policy): boolean {
  return filter ?? (calls?.get(name)?.length ?? 0) > 0;
}
