// The rate limit service's own configuration (envoyproxy/ratelimit), which says how much; the
// EnvoyFilter only says what is counted. Both come from one policy, or a limit would count under
// one key and be looked up under another.

import type { Policy, PolicyService } from "../config/policy";
import { type GlobalLimit, globalRates } from "../config/policy-envoy-limits";
import { SERVICE_KEY } from "./envoy-filter-global-limit";
import { yamlText } from "./yaml-text";

const COMMENT = `\
# Not an object to apply: the configuration of the rate limit service (envoyproxy/ratelimit), for
# the volume that its RUNTIME_ROOT names. An entry without value counts each other value on its own.
`;

/** Undefined for a policy without limits of the kind. */
export function rateLimitConfig({ mesh, services }: Policy): string | undefined {
  const limited = services.filter(({ global_limits: limits }) => (limits?.length ?? 0) > 0);
  const backend = mesh.rate_limit_service;
  if (backend === undefined || limited.length === 0) return undefined;
  return COMMENT + yamlText({ domain: backend.domain, descriptors: limited.map(descriptor) });
}

function descriptor({ name, global_limits: limits }: PolicyService): unknown {
  return { key: SERVICE_KEY, value: name, descriptors: (limits ?? []).flatMap(entries) };
}

function entries(limit: GlobalLimit): unknown[] {
  const { values, others } = globalRates(limit);
  const rate = (requests: number) => ({
    rate_limit: { unit: "second", requests_per_unit: requests },
  });
  if (limit.key === undefined) return [{ key: "limit", value: limit.name, ...rate(others) }];
  return [
    ...values.map(([value, requests]) => ({ key: limit.name, value, ...rate(requests) })),
    { key: limit.name, ...rate(others) },
  ];
}
