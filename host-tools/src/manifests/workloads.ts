// The pods of a policy's services as objects: identities and Services, which everything else names,
// and Deployments, which come up when everything else is there.

import { podSetsOf } from "../config/pod-sets";
import type { Policy } from "../config/policy";
import { accountOf } from "../istio/authorization-policy";
import type { KubeObject } from "../istio/kube-object";
import { deployment } from "../kubernetes/deployment";
import { serviceObject } from "../kubernetes/service";
import { serviceAccount } from "../kubernetes/service-account";

/** Service accounts, each once though several services may share it, and Services. */
export function workloadGround({ services, mesh }: Policy): KubeObject[] {
  const ours = services.filter(({ workload }) => workload !== undefined);
  const accounts = [...new Set(ours.map(accountOf))];
  return [
    ...accounts.map((name) => serviceAccount(name, mesh.namespace)),
    ...ours.flatMap((service) =>
      service.workload === undefined
        ? []
        : [serviceObject(service, service.workload, mesh.namespace)],
    ),
  ];
}

export function deployments(policy: Policy): KubeObject[] {
  return policy.services
    .flatMap((service) => podSetsOf(service, policy))
    .map((set) => deployment(set, policy.mesh));
}
