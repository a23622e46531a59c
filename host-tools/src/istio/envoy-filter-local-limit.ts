// Envoy's own limit in the proxy of each callee. Its bucket is one for all workers of a proxy, so
// the number holds per proxy; a service with n pods admits n times as many. Istio has no field for
// it.

import type { PolicyService } from "../config/policy";
import type { LocalLimit } from "../config/policy-envoy-limits";
import { serviceSelector } from "../config/pod-sets";
import { envoyFilter, inboundFilter, typeUrl } from "./envoy-filter";
import type { KubeObject } from "./kube-object";

const TYPE = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

export function localLimitFilter(
  service: PolicyService,
  namespace: string,
  limit: LocalLimit,
): KubeObject {
  const { requests_per_second: rate, burst = rate, header } = limit;
  const always = (key: string) => ({
    runtime_key: key,
    default_value: { numerator: 100, denominator: "HUNDRED" },
  });
  const config = {
    "@type": typeUrl(TYPE),
    stat_prefix: "ganglion_local_limit",
    token_bucket: { max_tokens: burst, tokens_per_fill: rate, fill_interval: "1s" },
    filter_enabled: always("ganglion_local_limit_enabled"),
    filter_enforced: always("ganglion_local_limit_enforced"),
    response_headers_to_add: [
      {
        // Not the deprecated `append: false`, which newer Envoys warn of.
        append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
        header: { key: header, value: "true" },
      },
    ],
  };
  return envoyFilter(`${service.name}-local-limit`, namespace, serviceSelector(service), [
    inboundFilter("envoy.filters.http.local_ratelimit", config),
  ]);
}
