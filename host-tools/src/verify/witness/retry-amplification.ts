// Retries multiply along a chain: three hops with three retries each are 4 x 4 x 4 calls of the last
// service for one request, at the moment when it can bear least.

import { cluster, manyRetries, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

const RETRIES = { retry_policy: { retry_on: "5xx", num_retries: 3 } };

/** @param actions of the three hops, the caller's first */
function bootstrap(ports: Ports, actions: readonly [Message, Message, Message]) {
  const [first, second, third] = actions.map((action) => ({ timeout: "60s", ...action }));
  return witnessBootstrap(
    [
      { name: ENTRY, routes: [route("intent", first)] },
      { name: "intent", port: ports["intent"]!, routes: [route("retrieval", second)] },
      { name: "retrieval", port: ports["retrieval"]!, routes: [route("database", third)] },
    ],
    ["intent", "retrieval", "database"].map((name) => cluster(name, [ports[name]!], manyRetries())),
  );
}

export const retryAmplification: Witness = {
  rule: "retry-amplification",
  shows: "One request to three hops with three retries each makes 64 calls of a dead last service.",
  standsFor: "The three hops are three listeners of one Envoy.",
  upstreams: [
    {
      name: "database",
      law: { kind: "constant", ms: 1 },
      faults: [{ atMs: 0, untilMs: Infinity, errorPermille: 1000 }],
    },
  ],
  hops: ["intent", "retrieval"],
  broken: (ports) => bootstrap(ports, [RETRIES, RETRIES, RETRIES]),
  fixed: (ports) => bootstrap(ports, [{}, {}, RETRIES]),
  async drive(stage) {
    const answers = await stage.send(1, { timeoutMs: 90_000 });
    const total = (name: string) => stage.settledStat(`cluster.${name}.upstream_rq_total`);
    return {
      requests: 1,
      answers_503: answers.count(503),
      "cluster.intent.upstream_rq_total": await total("intent"),
      "cluster.retrieval.upstream_rq_total": await total("retrieval"),
      "cluster.database.upstream_rq_total": await total("database"),
    };
  },
  expect: {
    requests: { broken: exactly(1), fixed: exactly(1) },
    answers_503: { broken: exactly(1), fixed: exactly(1) },
    "cluster.intent.upstream_rq_total": { broken: exactly(4), fixed: exactly(1) },
    "cluster.retrieval.upstream_rq_total": { broken: exactly(16), fixed: exactly(1) },
    "cluster.database.upstream_rq_total": { broken: exactly(64), fixed: exactly(4) },
  },
};
