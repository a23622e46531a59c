// Envoy's global limit asks its service only for routes that have rate-limit actions. Without them
// no descriptor is made, nothing is asked, and even `failure_mode_deny` denies nothing: one sees
// that the service is dead here, and every answer is 200.

import { cluster, filter, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { atLeast, exactly, type Ports, type Witness } from "./witness";

const SERVICE = "ratelimit";

const limit = filter("ratelimit", "ratelimit.v3.RateLimit", {
  domain: "assistant",
  failure_mode_deny: true,
  timeout: "0.25s",
  rate_limit_service: {
    grpc_service: { envoy_grpc: { cluster_name: SERVICE } },
    transport_api_version: "V3",
  },
});

const actions = {
  rate_limits: [{ actions: [{ generic_key: { descriptor_value: "llm" } }] }],
};

const http2 = {
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

function bootstrap(ports: Ports, action: Message) {
  return witnessBootstrap(
    [{ name: ENTRY, filters: [limit], routes: [route("llm", action)] }],
    // Nobody listens on the service's port: it was free a moment ago.
    [cluster("llm", [ports["app"]!]), cluster(SERVICE, [ports["nobody"]!], http2)],
  );
}

export const limitCannotFire: Witness = {
  rule: "limit-cannot-fire",
  shows: "A route without rate-limit actions never asks the limit's service, be it dead or alive.",
  standsFor: "The service is dead and the filter denies on failure: whoever asks gets 500.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 1 } }],
  hops: ["nobody"],
  broken: (ports) => bootstrap(ports, {}),
  fixed: (ports) => bootstrap(ports, actions),
  async drive(stage) {
    const answers = await stage.send(5);
    const service = `cluster.${SERVICE}`;
    return {
      answers_200: answers.count(200),
      answers_500: answers.count(500),
      [`${service}.upstream_cx_total`]: await stage.settledStat(`${service}.upstream_cx_total`),
      "cluster.llm.ratelimit.error": await stage.settledStat("cluster.llm.ratelimit.error"),
    };
  },
  expect: {
    answers_200: { broken: exactly(5), fixed: exactly(0) },
    answers_500: { broken: exactly(0), fixed: exactly(5) },
    [`cluster.${SERVICE}.upstream_cx_total`]: { broken: exactly(0), fixed: atLeast(1) },
    "cluster.llm.ratelimit.error": { broken: exactly(0), fixed: exactly(5) },
  },
};
