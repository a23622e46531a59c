// A caller that waits 3 s for a callee which may take 30: every answer between the two is work for
// nobody, and while it lasts the callee is busy for callers that have gone.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

function bootstrap(ports: Ports, callerTimeout: string) {
  return witnessBootstrap(
    [
      { name: ENTRY, routes: [route("callee", { timeout: callerTimeout })] },
      {
        name: "callee",
        port: ports["callee"]!,
        routes: [route("app", { timeout: "6s" })],
      },
    ],
    [cluster("callee", [ports["callee"]!]), cluster("app", [ports["app"]!])],
  );
}

export const timeoutChain: Witness = {
  rule: "timeout-chain",
  shows: "With a timeout under the callee's answer time all work is begun and none of it is used.",
  standsFor: "0.6 s stands for the caller's 3 s, 6 s for the callee's 30 s; 2 s is 10 s.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 2000 } }],
  hops: ["callee"],
  broken: (ports) => bootstrap(ports, "0.6s"),
  fixed: (ports) => bootstrap(ports, "6.4s"),
  async drive(stage) {
    const answers = await stage.sendAtRate(50, 10);
    const app = await stage.settledUpstream("app");
    return {
      requests: 10,
      answers_200: answers.count(200),
      answers_504: answers.count(504),
      calls_begun_by_callee: app.requests,
      calls_thrown_away: app.aborted,
    };
  },
  expect: {
    requests: { broken: exactly(10), fixed: exactly(10) },
    answers_200: { broken: exactly(0), fixed: exactly(10) },
    answers_504: { broken: exactly(10), fixed: exactly(0) },
    calls_begun_by_callee: { broken: exactly(10), fixed: exactly(10) },
    calls_thrown_away: { broken: exactly(10), fixed: exactly(0) },
  },
};
