// The route's timeout covers all tries and the pauses between them (router_filter.rst,
// x-envoy-upstream-rq-timeout-ms): tries that do not fit are cut or never made.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { between, exactly, type Ports, type Witness } from "./witness";

function bootstrap(ports: Ports, retries: number) {
  const action = {
    timeout: "3s",
    retry_policy: { retry_on: "5xx", num_retries: retries, per_try_timeout: "1s" },
  };
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("llm", action)] }],
    [cluster("llm", [ports["hung"]!])],
  );
}

export const retriesExceedTimeout: Witness = {
  rule: "retries-exceed-timeout",
  shows: "Of four tries that need 4/3 of the timeout the third is cut and the fourth never made.",
  standsFor: "3 s stand for the route's 30 s, 1 s for the 10 s of a try.",
  upstreams: [
    {
      name: "hung",
      law: { kind: "constant", ms: 1 },
      faults: [{ atMs: 0, untilMs: Infinity, blackHole: true }],
    },
  ],
  broken: (ports) => bootstrap(ports, 3),
  fixed: (ports) => bootstrap(ports, 1),
  async drive(stage) {
    const answers = await stage.send(1);
    const stat = (name: string) => stage.settledStat(`cluster.llm.${name}`);
    return {
      answers_504: answers.count(504),
      elapsed_ms: Math.round(answers.elapsedMs[0]!),
      "cluster.llm.upstream_rq_total": await stat("upstream_rq_total"),
      "cluster.llm.upstream_rq_per_try_timeout": await stat("upstream_rq_per_try_timeout"),
      "cluster.llm.upstream_rq_timeout": await stat("upstream_rq_timeout"),
    };
  },
  expect: {
    answers_504: { broken: exactly(1), fixed: exactly(1) },
    elapsed_ms: { broken: between(2950, 9000), fixed: between(2000, 9000) },
    "cluster.llm.upstream_rq_total": { broken: exactly(3), fixed: exactly(2) },
    "cluster.llm.upstream_rq_per_try_timeout": { broken: exactly(2), fixed: exactly(2) },
    "cluster.llm.upstream_rq_timeout": { broken: exactly(1), fixed: exactly(0) },
  },
};
