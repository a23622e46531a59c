// A route to a subset that no DestinationRule defines is a route to a cluster that Envoy does not
// have: 503 with the flag NC, and no upstream is tried.

import { cluster, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { between, exactly, type Ports, type Witness } from "./witness";

const REQUESTS = 200;
const V1 = "outbound|8080|v1|llm-service";
const V2 = "outbound|8080|v2|llm-service";

function bootstrap(ports: Ports, clusters: readonly Message[]) {
  const weights = [V1, V2].map((name, i) => ({ name, weight: [80, 20][i] }));
  const split = {
    match: { prefix: "/" },
    route: {
      weighted_clusters: { clusters: weights },
      cluster_not_found_response_code: "SERVICE_UNAVAILABLE",
    },
  };
  return witnessBootstrap([{ name: ENTRY, routes: [split], validatesClusters: false }], clusters);
}

export const unknownSubset: Witness = {
  rule: "unknown-subset",
  shows: "Of 80/20 over two subsets of which one is not defined, a fifth of the requests is 503.",
  standsFor: "The clusters bear the names that istiod gives to subsets.",
  upstreams: [
    { name: "v1", law: { kind: "constant", ms: 1 } },
    { name: "v2", law: { kind: "constant", ms: 1 } },
  ],
  broken: (ports) => bootstrap(ports, [cluster(V1, [ports["v1"]!])]),
  fixed: (ports) => bootstrap(ports, [cluster(V1, [ports["v1"]!]), cluster(V2, [ports["v2"]!])]),
  async drive(stage) {
    const answers = await stage.send(REQUESTS);
    return {
      answers_200: answers.count(200),
      answers_503: answers.count(503),
      "http.entry.no_cluster": await stage.settledStat("http.entry.no_cluster"),
    };
  },
  // The split is random: of 200 at 20 %, under 10 or over 76 is rarer than one in ten million.
  expect: {
    answers_200: { broken: between(124, 190), fixed: exactly(REQUESTS) },
    answers_503: { broken: between(10, 76), fixed: exactly(0) },
    "http.entry.no_cluster": { broken: between(10, 76), fixed: exactly(0) },
  },
};
