// What a policy says of Envoy's own limits and endpoint choice, which the filter's `limits` do not
// replace: one number for a whole fleet, one number per callee's proxy, and the endpoint that
// somebody before the proxy has chosen.

import { DNS_LABEL, HEADER_NAME, HOST_NAME } from "./shape/format";
import {
  durationMs,
  flag,
  list,
  map,
  either,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const REQUESTS_MAX = 1_000_000;
const OTHERS = "*";

const rate = () =>
  whole("Requests.", { low: 1, high: REQUESTS_MAX, unit: "requests/s", required: true });

const globalLimitShape = record(
  "A limit that all proxies share, counted by the rate limit service.",
  {
    name: text("Name of the limit.", { required: true, format: HEADER_NAME }),
    key: record("What a counter belongs to; without it there is one for everybody.", {
      header: text("Header whose value names the counter.", {
        required: true,
        format: HEADER_NAME,
      }),
    }),
    requests_per_second: either(
      "Requests that all proxies together admit, for everybody or per value of the key.",
      {
        scalar: rate(),
        map: map("A number per value; `*` for all others, by default the smallest.", rate(), {
          countMin: 1,
        }),
      },
      { required: true },
    ),
  },
  { check: checkRates },
);
export type GlobalLimit = ValueOf<typeof globalLimitShape>;

function checkRates(
  limit: { readonly key?: object | undefined; readonly requests_per_second: unknown },
  refuse: Refuse,
): void {
  if (limit.requests_per_second instanceof Map && limit.key === undefined) {
    refuse("key is missing: rates per value need `key: { header: NAME }`");
  }
}

const localLimitShape = record("A limit of each callee's proxy for itself.", {
  requests_per_second: whole("Requests that one proxy admits; with n pods n times as many.", {
    low: 1,
    high: REQUESTS_MAX,
    unit: "requests/s",
    required: true,
  }),
  burst: whole("Requests that it admits at once.", {
    low: 1,
    high: REQUESTS_MAX,
    unit: "requests",
    otherwise: "requests_per_second",
  }),
  header: text("Header that a refusal carries.", {
    format: HEADER_NAME,
    default: "x-local-rate-limit",
  }),
});
export type LocalLimit = ValueOf<typeof localLimitShape>;

const rateLimitServiceShape = record("The rate limit service that counts global limits.", {
  host: text("Fully qualified host.", { required: true, format: HOST_NAME }),
  port: whole("Its gRPC port.", { low: 1, high: 65535, default: 8081 }),
  timeout_ms: durationMs("How long a request waits for its answer.", { default: 250 }),
  deny_on_failure: flag("Refuse requests while the service does not answer.", { default: false }),
  domain: text("Domain of the limits in the service's configuration.", { default: "ganglion" }),
  account: text("Service account that it must have, where mutual TLS is spoken.", {
    format: DNS_LABEL,
    otherwise: "any of the mesh",
    example: "ratelimit",
  }),
  mtls: flag("Speak mutual TLS of the mesh to it.", {
    otherwise: "where mesh.mtls is strict and the host is in the mesh",
  }),
});
export type RateLimitService = ValueOf<typeof rateLimitServiceShape>;

/** Members of `mesh`. */
export const envoyLimitsMeshFields = { rate_limit_service: rateLimitServiceShape };

/** Members of a service. */
export const envoyLimitsServiceFields = {
  global_limits: list("Limits over all proxies.", globalLimitShape, { otherwise: "none" }),
  local_limits: localLimitShape,
  endpoint_override: text(
    "Header that names the endpoint, ADDRESS:PORT; a retry takes the balancer's choice.",
    {
      format: HEADER_NAME,
      otherwise: "the load balancer chooses",
      example: "x-gateway-destination-endpoint",
    },
  ),
};

/** Rate of each listed value, and of all others (by default the smallest that anybody has). */
export function globalRates(limit: GlobalLimit): {
  readonly values: readonly [value: string, requestsPerSecond: number][];
  readonly others: number;
} {
  const rates = limit.requests_per_second as number | ReadonlyMap<string, number>;
  if (typeof rates === "number") return { values: [], others: rates };
  const values = [...rates].filter(([value]) => value !== OTHERS);
  return { values, others: rates.get(OTHERS) ?? Math.min(...values.map(([, one]) => one)) };
}
