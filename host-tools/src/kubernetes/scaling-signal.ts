// The load by which a service scales: what is asked of Prometheus, and how Kubernetes' own autoscaler
// gets at it. That one cannot ask Prometheus: an adapter serves it a recorded series as an external
// metric.

import type { PolicyService } from "../config/policy";
import type { ScalingSignal } from "../config/policy-scaling";
import { yamlText } from "../istio/yaml-text";
import type { Rule } from "./rule";
import { requestRate } from "./service-queries";

/** The recorded series, one per service. */
export const SIGNAL_METRIC = "ganglion_scaling_signal";

/** PromQL that gives one number for the whole service. */
export function signalQuery(host: string, signal: ScalingSignal): string {
  return signal.query ?? requestRate({ hosts: [host] }, [], "1m");
}

/** What Kubernetes' own autoscaler is to see of this service. */
export function signalRecord({ name, host, scaling }: PolicyService, namespace: string): Rule[] {
  if (scaling?.by !== "hpa" || scaling.signal === undefined) return [];
  return [
    {
      record: SIGNAL_METRIC,
      expr: signalQuery(host, scaling.signal),
      labels: { namespace, service: name },
    },
  ];
}

const COMMENT = `\
# Not an object to apply: merge it into the values of prometheus-adapter, which serves the recorded
# series to HorizontalPodAutoscalers. Where the series is missing the adapter answers nothing, and
# an autoscaler without an answer leaves the number of replicas as it is.
`;

/** Undefined where no service scales by such a signal. */
export function adapterRules(services: readonly PolicyService[]): string | undefined {
  if (!services.some((service) => signalRecord(service, "").length > 0)) return undefined;
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
