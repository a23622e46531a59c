// The part of an OpenTelemetry collector's configuration that keeps every trace with an error, and
// a share of the rest. Only a collector can: it sees a trace when it is over.

import type { Tracing } from "../config/policy-tracing";
import { yamlText } from "./yaml-text";

const COMMENT = `\
# Not an object to apply: merge it into the configuration of an OpenTelemetry collector. A proxy
# decides at the start of a request whether it is traced and cannot know that it will fail, so the
# proxies trace everything and the collector drops what nobody needs. All spans of one trace have
# to reach the same collector: with several, put a load-balancing exporter (by trace id) before.
`;

/** Undefined for a policy that leaves the choice to the proxies. */
export function tailSampling({ tail }: Tracing): string | undefined {
  if (tail === undefined) return undefined;
  const slow = tail.slow_ms;
  const policies = [
    { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
    {
      name: "server-errors",
      type: "numeric_attribute",
      numeric_attribute: { key: "http.status_code", min_value: 500, max_value: 599 },
    },
    // Envoy writes the code as a text, which the policy above passes over.
    {
      name: "server-errors-of-proxies",
      type: "string_attribute",
      string_attribute: {
        key: "http.status_code",
        values: ["^5[0-9][0-9]$"],
        enabled_regex_matching: true,
      },
    },
    ...(slow === undefined
      ? []
      : [{ name: "slow", type: "latency", latency: { threshold_ms: slow } }]),
    {
      name: "share-of-the-rest",
      type: "probabilistic",
      probabilistic: { sampling_percentage: tail.keep_percent },
    },
  ];
  const sampling = { decision_wait: `${tail.wait_ms}ms`, num_traces: tail.traces_max, policies };
  return COMMENT + yamlText({ processors: { tail_sampling: sampling } });
}
