// Replicas of a service by KEDA. It asks Prometheus itself, so it also has to know what an answer
// that is missing means: `ignoreNullValues: "false"` makes no data an error instead of a zero that
// would scale to the minimum, and `fallback` says how many replicas there are while errors last.

import type { PolicyService } from "../config/policy";
import type { Scaling, ScalingSignal } from "../config/policy-scaling";
import { type KubeObject, metadata } from "../istio/kube-object";
import { scalingBehavior } from "./horizontal-pod-autoscaler";
import { signalQuery } from "./scaling-signal";
import type { ScalingTarget } from "./scaling-target";

const FAILURES_MAX = 3;
const POLL_S = 15;

/** @param server address of Prometheus */
export function scaledObject(
  service: PolicyService,
  namespace: string,
  scaling: Scaling,
  target: ScalingTarget,
  server: string,
): KubeObject {
  const { signal, replicas_min: minReplicaCount, replicas_max: maxReplicaCount } = scaling;
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: metadata(target.name, namespace),
    spec: {
      scaleTargetRef: { name: target.deployment },
      pollingInterval: POLL_S,
      minReplicaCount,
      maxReplicaCount,
      ...(signal && {
        fallback: {
          failureThreshold: FAILURES_MAX,
          replicas: signal.fallback_replicas ?? maxReplicaCount,
        },
      }),
      advanced: { horizontalPodAutoscalerConfig: { behavior: scalingBehavior(scaling) } },
      triggers: [
        ...(signal ? [prometheusTrigger(service, signal, target, server)] : []),
        ...cpuTrigger(scaling),
        ...cronTriggers(scaling),
      ],
    },
  };
}

function prometheusTrigger(
  service: PolicyService,
  signal: ScalingSignal,
  target: ScalingTarget,
  server: string,
) {
  return {
    type: "prometheus",
    metricType: "AverageValue",
    metadata: {
      serverAddress: server,
      query: signalQuery(service, signal, target),
      threshold: String(signal.target ?? signal.requests_per_second),
      ignoreNullValues: "false",
    },
  };
}

function cpuTrigger({ cpu_percent: percent }: Scaling): unknown[] {
  if (percent === undefined) return [];
  return [{ type: "cpu", metricType: "Utilization", metadata: { value: String(percent) } }];
}

function cronTriggers({ prewarm = [] }: Scaling): unknown[] {
  return prewarm.map(({ start, end, timezone, replicas }) => ({
    type: "cron",
    metadata: { timezone, start, end, desiredReplicas: String(replicas) },
  }));
}
