// The Deployment of one set of pods, fit for the restricted profile of Kubernetes' pod security: no
// root, no capabilities, no writing to its image. The sidecar's own init container is the mesh's
// business; with Istio's CNI plugin it needs nothing that the profile forbids.

import { isScaled, type PodSet } from "../config/pod-sets";
import type { MeshFacts } from "../config/policy";
import { accountOf } from "../istio/authorization-policy";
import { type KubeObject, metadata } from "../istio/kube-object";
import { container, volumeName } from "./container";
import { drainS, deploymentAnnotations } from "./deployment-annotations";

/** Between the end of the drain and the kill. */
const GRACE_S = 5;

export function deployment(set: PodSet, mesh: MeshFacts): KubeObject {
  const { service, workload, selector, labels } = set;
  const { user, writable, leave_s: leaveS } = workload;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(set.name, mesh.namespace),
    spec: {
      // An autoscaler's number would be put back by every apply.
      ...(isScaled(set) ? {} : { replicas: set.replicas }),
      selector: { matchLabels: selector },
      // A new pod is ready before an old one goes.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: deploymentAnnotations(set, mesh) },
        spec: {
          serviceAccountName: accountOf(service),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: leaveS + drainS(set) + GRACE_S,
          securityContext: {
            runAsNonRoot: true,
            ...(user !== undefined && { runAsUser: user, runAsGroup: user, fsGroup: user }),
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [container(set)],
          ...(writable.length > 0 && { volumes: writable.map(volume) }),
        },
      },
    },
  };
}

function volume(_: string, index: number): unknown {
  return { name: volumeName(index), emptyDir: {} };
}
