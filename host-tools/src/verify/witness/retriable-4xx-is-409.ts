// `retriable-4xx` sounds like all of them and is 409 alone (router_filter.rst): a provider's 429
// goes straight to the caller. Envoy can be told of 429, and then to wait as `retry-after` says.

import { cluster, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

const REQUESTS = 5;
const RETRIES = 2;

function bootstrap(ports: Ports, condition: Message) {
  const action = { timeout: "5s", retry_policy: { num_retries: RETRIES, ...condition } };
  return witnessBootstrap(
    [
      {
        name: ENTRY,
        routes: [route("limited", action, "/limited"), route("conflict", action, "/conflict")],
      },
    ],
    [cluster("limited", [ports["limited"]!]), cluster("conflict", [ports["conflict"]!])],
  );
}

const always = (errorStatus: number) => [
  { atMs: 0, untilMs: Infinity, errorPermille: 1000, errorStatus },
];

export const retriable4xxIs409: Witness = {
  rule: "retriable-4xx-is-409",
  shows:
    "Under retriable-4xx a 409 is tried three times and a 429 once; a listed status is retried.",
  standsFor: "Two upstreams that always answer 429 and 409.",
  upstreams: [
    { name: "limited", law: { kind: "constant", ms: 1 }, faults: always(429) },
    { name: "conflict", law: { kind: "constant", ms: 1 }, faults: always(409) },
  ],
  broken: (ports) => bootstrap(ports, { retry_on: "retriable-4xx" }),
  fixed: (ports) =>
    bootstrap(ports, {
      retry_on: "retriable-status-codes",
      retriable_status_codes: [429],
    }),
  async drive(stage) {
    await stage.send(REQUESTS, { path: "/limited" });
    await stage.send(REQUESTS, { path: "/conflict" });
    const total = (name: string) => stage.settledStat(`cluster.${name}.upstream_rq_total`);
    return {
      requests_to_each: REQUESTS,
      "cluster.limited.upstream_rq_total": await total("limited"),
      "cluster.conflict.upstream_rq_total": await total("conflict"),
    };
  },
  expect: {
    requests_to_each: { broken: exactly(REQUESTS), fixed: exactly(REQUESTS) },
    "cluster.limited.upstream_rq_total": {
      broken: exactly(REQUESTS),
      fixed: exactly(REQUESTS * (1 + RETRIES)),
    },
    "cluster.conflict.upstream_rq_total": {
      broken: exactly(REQUESTS * (1 + RETRIES)),
      fixed: exactly(REQUESTS),
    },
  },
};
