// Envoy's fault filter holds a request before the router, and the router's timers start with the
// router: a delay in the caller's proxy is outside of every timeout of that proxy.

import { cluster, faultFilter, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { atLeast, between, exactly, type Ports, type Witness } from "./witness";

const DELAY_MS = 3000;
const TIMEOUT_MS = 600;

function bootstrap(ports: Ports, faultAt: "caller" | "callee") {
  const delay = [faultFilter({ delayMs: DELAY_MS })];
  const action = { timeout: `${TIMEOUT_MS / 1000}s` };
  return witnessBootstrap(
    [
      { name: ENTRY, filters: faultAt === "caller" ? delay : [], routes: [route("llm", action)] },
      {
        name: "callee",
        port: ports["callee"]!,
        filters: faultAt === "callee" ? delay : [],
        routes: [route("app", { timeout: "0s" })],
      },
    ],
    [cluster("llm", [ports["callee"]!]), cluster("app", [ports["app"]!])],
  );
}

export const delayUnseenByTimeout: Witness = {
  rule: "delay-unseen-by-timeout",
  shows:
    "A delay in the caller's proxy outlives the route's timeout; in the callee's proxy it is cut.",
  standsFor: "0.6 s stands for a timeout of 30 s, 3 s for a delay that is longer than it.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 1 } }],
  hops: ["callee"],
  broken: (ports) => bootstrap(ports, "caller"),
  fixed: (ports) => bootstrap(ports, "callee"),
  async drive(stage) {
    const answers = await stage.sendAtRate(50, 5);
    return {
      answers_200: answers.count(200),
      answers_504: answers.count(504),
      longest_ms: Math.round(Math.max(...answers.elapsedMs)),
      "cluster.llm.upstream_rq_timeout": await stage.settledStat("cluster.llm.upstream_rq_timeout"),
    };
  },
  expect: {
    answers_200: { broken: exactly(5), fixed: exactly(0) },
    answers_504: { broken: exactly(0), fixed: exactly(5) },
    longest_ms: { broken: atLeast(DELAY_MS), fixed: between(TIMEOUT_MS, DELAY_MS - 1) },
    "cluster.llm.upstream_rq_timeout": { broken: exactly(0), fixed: exactly(5) },
  },
};
