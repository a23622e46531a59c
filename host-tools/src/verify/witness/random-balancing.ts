// RANDOM looks at nothing: a replica that has turned ten times slower keeps its third. LEAST_REQUEST
// takes the emptier of two, and requests pile up where it is slow.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { atLeast, between, exactly, type Ports, type Witness } from "./witness";

const REQUESTS = 1200;
const RATE_HZ = 200;

function bootstrap(ports: Ports, policy: "RANDOM" | "LEAST_REQUEST") {
  const replicas = ["fast", "alsoFast", "slow"].map((name) => ports[name]!);
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("llm")] }],
    [cluster("llm", replicas, { lb_policy: policy })],
  );
}

export const randomBalancing: Witness = {
  rule: "random-balancing",
  shows: "RANDOM sends a third to a replica that is ten times slower; LEAST_REQUEST sends less.",
  standsFor: "Replicas of 50 ms and one of 500 ms, at 200 requests a second.",
  upstreams: [
    { name: "fast", law: { kind: "constant", ms: 50 } },
    { name: "alsoFast", law: { kind: "constant", ms: 50 } },
    { name: "slow", law: { kind: "constant", ms: 500 } },
  ],
  broken: (ports) => bootstrap(ports, "RANDOM"),
  fixed: (ports) => bootstrap(ports, "LEAST_REQUEST"),
  async drive(stage) {
    const answers = await stage.sendAtRate(RATE_HZ, REQUESTS);
    const slow = (await stage.upstream("slow")).requests;
    const elapsedMs = answers.elapsedMs.reduce((sum, each) => sum + each, 0);
    return {
      answers_200: answers.count(200),
      slow_share_percent: Math.round((100 * slow) / REQUESTS),
      mean_ms: Math.round(elapsedMs / REQUESTS),
    };
  },
  // The choice is random: of 1,200 at a third, under 26 or over 41 % is rarer than one in ten million.
  expect: {
    answers_200: { broken: exactly(REQUESTS), fixed: exactly(REQUESTS) },
    slow_share_percent: { broken: between(26, 41), fixed: between(1, 25) },
    mean_ms: { broken: atLeast(150), fixed: atLeast(50) },
  },
};
