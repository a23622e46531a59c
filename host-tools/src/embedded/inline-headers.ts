// The header names that Envoy keeps in one slot each ("inline", O(1)). A second value for one of
// them does not become a second header: it is appended to the first with a comma ("; " for cookie).
// Filters see the joined value, so a host that kept two entries would test something else.

const BOTH = [
  "connection",
  "content-type",
  "x-envoy-decorator-operation",
  "keep-alive",
  "proxy-connection",
  "proxy-status",
  "x-request-id",
  "transfer-encoding",
  "upgrade",
  "via",
  "content-length",
  "x-envoy-attempt-count",
];

const REQUEST = [
  ":authority",
  ":method",
  ":path",
  ":protocol",
  ":scheme",
  "x-client-trace-id",
  "x-envoy-downstream-service-cluster",
  "x-envoy-downstream-service-node",
  "x-envoy-external-address",
  "x-envoy-force-trace",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-internal",
  "x-envoy-ip-tags",
  "x-envoy-retry-on",
  "x-envoy-retry-grpc-on",
  "x-envoy-retriable-status-codes",
  "x-envoy-retriable-header-names",
  "x-envoy-is-timeout-retry",
  "x-envoy-original-path",
  "x-envoy-original-host",
  "x-envoy-original-url",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-max-retries",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-stream-duration-ms",
  "expect",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "grpc-timeout",
  "te",
  "user-agent",
  "referer",
  "origin",
  "authorization",
  "pragma",
  "cache-control",
  "accept-encoding",
];

const RESPONSE_AND_TRAILERS = ["grpc-message", "grpc-status"];

const RESPONSE = [
  ":status",
  "date",
  "x-envoy-degraded",
  "x-envoy-immediate-health-check-fail",
  "x-envoy-ratelimited",
  "x-envoy-upstream-canary",
  "x-envoy-upstream-healthchecked-cluster",
  "location",
  "server",
  "x-envoy-upstream-service-time",
  "cache-control",
  "etag",
  "vary",
  "content-encoding",
  ...RESPONSE_AND_TRAILERS,
];

/** Which of the four maps a header list belongs to; it decides which names are inline. */
export type HeaderKind = "request" | "request-trailers" | "response" | "response-trailers";

const INLINE: Record<HeaderKind, ReadonlySet<string>> = {
  request: new Set([...BOTH, ...REQUEST]),
  "request-trailers": new Set(),
  response: new Set([...BOTH, ...RESPONSE]),
  "response-trailers": new Set(RESPONSE_AND_TRAILERS),
};

export function isInlineHeader(kind: HeaderKind, name: string): boolean {
  return INLINE[kind].has(name);
}
