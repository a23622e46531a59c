// Replicas of a service by CPU and by a load from Prometheus. The load is an external metric: an
// adapter for Prometheus has to serve it, under the name of the recorded series.

import type { PolicyService } from "../config/policy";
import type { Scaling } from "../config/policy-scaling";
import { type KubeObject, metadata } from "../istio/kube-object";
import { SIGNAL_METRIC, signalLabels } from "./scaling-signal";
import type { ScalingTarget } from "./scaling-target";

export function horizontalPodAutoscaler(
  service: PolicyService,
  namespace: string,
  scaling: Scaling,
  target: ScalingTarget,
): KubeObject {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metadata(target.name, namespace),
    spec: {
      scaleTargetRef: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: target.deployment,
      },
      minReplicas: scaling.replicas_min,
      maxReplicas: scaling.replicas_max,
      metrics: [...cpu(scaling), ...load(service, scaling, target)],
      behavior: scalingBehavior(scaling),
    },
  };
}

/** Up at once, down slowly: a model takes long to load, and load comes back. */
export function scalingBehavior({ calm_ms: calmMs }: Scaling): unknown {
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
    },
    scaleDown: {
      stabilizationWindowSeconds: Math.ceil(calmMs / 1000),
      policies: [{ type: "Percent", value: 20, periodSeconds: 60 }],
    },
  };
}

function cpu({ cpu_percent: averageUtilization }: Scaling): unknown[] {
  if (averageUtilization === undefined) return [];
  const target = { type: "Utilization", averageUtilization };
  return [{ type: "Resource", resource: { name: "cpu", target } }];
}

function load(service: PolicyService, { signal }: Scaling, scaled: ScalingTarget): unknown[] {
  if (signal === undefined) return [];
  const target = signal.target ?? signal.requests_per_second ?? 1;
  return [
    {
      type: "External",
      external: {
        metric: {
          name: SIGNAL_METRIC,
          selector: { matchLabels: signalLabels(service, scaled) },
        },
        target: { type: "AverageValue", averageValue: quantity(target) },
      },
    },
  ];
}

/** A number as Kubernetes writes it: whole, or in thousandths. */
function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;
}
