// Envoy takes the first route that matches: what stands behind `prefix: /` is never asked.

import { cluster, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

const everything = route("stable");
const testers: Message = {
  match: { prefix: "/", headers: [{ name: "x-canary-user", string_match: { exact: "true" } }] },
  route: { cluster: "next" },
};

function bootstrap(ports: Ports, routes: readonly Message[]) {
  return witnessBootstrap(
    [{ name: ENTRY, routes }],
    [cluster("stable", [ports["stable"]!]), cluster("next", [ports["next"]!])],
  );
}

export const unreachableRoute: Witness = {
  rule: "unreachable-route",
  shows: "Behind a route for everything the testers' route gets nothing; before it, all of theirs.",
  standsFor: "Two upstreams stand for two versions.",
  upstreams: [
    { name: "stable", law: { kind: "constant", ms: 1 } },
    { name: "next", law: { kind: "constant", ms: 1 } },
  ],
  broken: (ports) => bootstrap(ports, [everything, testers]),
  fixed: (ports) => bootstrap(ports, [testers, everything]),
  async drive(stage) {
    await stage.send(10, { headers: { "x-canary-user": "true" } });
    await stage.send(10);
    const total = (name: string) => stage.settledStat(`cluster.${name}.upstream_rq_total`);
    return {
      requests_of_testers: 10,
      "cluster.next.upstream_rq_total": await total("next"),
      "cluster.stable.upstream_rq_total": await total("stable"),
    };
  },
  expect: {
    requests_of_testers: { broken: exactly(10), fixed: exactly(10) },
    "cluster.next.upstream_rq_total": { broken: exactly(0), fixed: exactly(10) },
    "cluster.stable.upstream_rq_total": { broken: exactly(20), fixed: exactly(10) },
  },
};
