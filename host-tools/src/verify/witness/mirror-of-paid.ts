// A mirrored request is a request: its answer is thrown away and its tokens are billed.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { between, exactly, type Ports, type Witness } from "./witness";

const REQUESTS = 200;

function bootstrap(ports: Ports, percent: number) {
  const sampled = { default_value: { numerator: percent, denominator: "HUNDRED" } };
  const mirror = [{ cluster: "next", runtime_fraction: sampled }];
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("stable", { request_mirror_policies: mirror })] }],
    [cluster("stable", [ports["stable"]!]), cluster("next", [ports["next"]!])],
  );
}

export const mirrorOfPaid: Witness = {
  rule: "mirror-of-paid",
  shows: "A mirror of 100 % doubles the paid calls; one of 10 % adds a tenth.",
  standsFor: "Two upstreams stand for two models; each request is one paid call.",
  upstreams: [
    { name: "stable", law: { kind: "constant", ms: 1 } },
    { name: "next", law: { kind: "constant", ms: 1 } },
  ],
  broken: (ports) => bootstrap(ports, 100),
  fixed: (ports) => bootstrap(ports, 10),
  async drive(stage) {
    const answers = await stage.send(REQUESTS, { method: "POST" });
    const paid = (await stage.settledUpstream("stable")).requests;
    const mirrored = (await stage.settledUpstream("next")).requests;
    return {
      answers_200: answers.count(200),
      calls_of_next: mirrored,
      paid_calls_percent: Math.round((100 * (paid + mirrored)) / REQUESTS),
    };
  },
  // Sampling is random: of 200 at 10 %, under 2 or over 48 is rarer than one in ten million.
  expect: {
    answers_200: { broken: exactly(REQUESTS), fixed: exactly(REQUESTS) },
    calls_of_next: { broken: exactly(REQUESTS), fixed: between(2, 48) },
    paid_calls_percent: { broken: exactly(200), fixed: between(101, 124) },
  },
};
