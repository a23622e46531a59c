// The load by which a service scales: what is asked of Prometheus, and how Kubernetes' own autoscaler
// gets at it. That one cannot ask Prometheus: an adapter serves it a recorded series as an external
// metric.

import type { Policy, PolicyService } from "../config/policy";
import type { ScalingSignal } from "../config/policy-scaling";
import { yamlText } from "../istio/yaml-text";
import type { Rule } from "./rule";
import { type ScalingTarget, scalingTargets } from "./scaling-target";
import { requestRate } from "./service-queries";

/** The recorded series, one per service, or per arm where each has a Deployment of ours. */
export const SIGNAL_METRIC = "ganglion_scaling_signal";

/** PromQL that gives one number for all that is scaled together. */
export function signalQuery(
  { host }: PolicyService,
  signal: ScalingSignal,
  { version }: ScalingTarget,
): string {
  const subject = { hosts: [host], ...(version !== undefined && { version }) };
  return signal.query ?? requestRate(subject, [], "1m");
}

/** Labels by which an autoscaler finds its number. */
export function signalLabels(
  { name }: PolicyService,
  { version }: ScalingTarget,
): Record<string, string> {
  return { service: name, ...(version !== undefined && { version }) };
}

/** What Kubernetes' own autoscalers are to see of this service. */
export function signalRecords(service: PolicyService, policy: Policy): Rule[] {
  const { scaling } = service;
  const signal = scaling?.by === "hpa" ? scaling.signal : undefined;
  if (signal === undefined) return [];
  return scalingTargets(service, policy).map((target) => ({
    record: SIGNAL_METRIC,
    expr: signalQuery(service, signal, target),
    labels: { namespace: policy.mesh.namespace, ...signalLabels(service, target) },
  }));
}

const COMMENT = `\
# Not an object to apply: merge it into the values of prometheus-adapter, which serves the recorded
# series to HorizontalPodAutoscalers. Where the series is missing the adapter answers nothing, and
# an autoscaler without an answer leaves the number of replicas as it is.
`;

/** Undefined where no service scales by such a signal. */
export function adapterRules(policy: Policy): string | undefined {
  const { services } = policy;
  if (!services.some((service) => signalRecords(service, policy).length > 0)) return undefined;
  return (
    COMMENT +
    yamlText({
      rules: {
        external: [
          {
            seriesQuery: `${SIGNAL_METRIC}{namespace!=""}`,
            resources: { overrides: { namespace: { resource: "namespace" } } },
            name: { as: SIGNAL_METRIC },
            metricsQuery: "max(<<.Series>>{<<.LabelMatchers>>}) by (service)",
          },
        ],
      },
    })
  );
}
