// Envoy's fault filter answers before the router: an aborted request has no upstream, so nothing
// that watches upstreams can learn from it.

import { cluster, faultFilter, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { between, exactly, type Ports, type Witness } from "./witness";

const BREAKER: Message = {
  outlier_detection: {
    consecutive_5xx: 5,
    interval: "10s",
    base_ejection_time: "30s",
    max_ejection_percent: 50,
  },
  common_lb_config: { healthy_panic_threshold: { value: 0 } },
};

function bootstrap(ports: Ports, faultAt: "caller" | "callee") {
  const abort = [faultFilter({ abort: 503 })];
  return witnessBootstrap(
    [
      { name: ENTRY, filters: faultAt === "caller" ? abort : [], routes: [route("llm")] },
      {
        name: "callee",
        port: ports["callee"]!,
        filters: faultAt === "callee" ? abort : [],
        routes: [route("app")],
      },
    ],
    [
      cluster("llm", [ports["callee"]!, ports["healthy"]!], BREAKER),
      cluster("app", [ports["app"]!]),
    ],
  );
}

export const abortUnseenByBreaker: Witness = {
  rule: "abort-unseen-by-breaker",
  shows: "An abort in the caller's proxy never opens the breaker; one in the callee's proxy does.",
  standsFor: "The callee's proxy is a second listener of the same Envoy, one of two endpoints.",
  upstreams: [
    { name: "app", law: { kind: "constant", ms: 1 } },
    { name: "healthy", law: { kind: "constant", ms: 1 } },
  ],
  hops: ["callee"],
  broken: (ports) => bootstrap(ports, "caller"),
  fixed: (ports) => bootstrap(ports, "callee"),
  async drive(stage) {
    // Spread over a second: the main thread ejects, a moment after the worker has seen enough.
    const answers = await stage.sendAtRate(40, 40);
    return {
      requests: 40,
      answers_503: answers.count(503),
      "cluster.llm.upstream_rq_total": await stage.settledStat("cluster.llm.upstream_rq_total"),
      "cluster.llm.outlier_detection.ejections_active": await stage.stat(
        "cluster.llm.outlier_detection.ejections_active",
      ),
      "http.entry.fault.aborts_injected": await stage.stat("http.entry.fault.aborts_injected"),
    };
  },
  expect: {
    requests: { broken: exactly(40), fixed: exactly(40) },
    answers_503: { broken: exactly(40), fixed: between(5, 12) },
    "cluster.llm.upstream_rq_total": { broken: exactly(0), fixed: exactly(40) },
    "cluster.llm.outlier_detection.ejections_active": { broken: exactly(0), fixed: exactly(1) },
    "http.entry.fault.aborts_injected": { broken: exactly(40), fixed: exactly(0) },
  },
};
