// A trace is sampled when its request arrives, and nobody knows then that it will fail: at 10 % nine
// of ten errors have no trace. Choosing by outcome needs all spans and a collector that waits.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { ENTRY } from "./stage";
import { between, exactly, type Ports, type Witness } from "./witness";

const REQUESTS = 200;

function bootstrap(ports: Ports, samplingPercent: number) {
  const provider = {
    name: "envoy.tracers.zipkin",
    typed_config: {
      "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
      collector_cluster: "collector",
      collector_endpoint: "/api/v2/spans",
      collector_endpoint_version: "HTTP_JSON",
    },
  };
  const manager = {
    generate_request_id: true,
    tracing: { provider, random_sampling: { value: samplingPercent } },
  };
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("llm")], manager }],
    [cluster("llm", [ports["failing"]!]), cluster("collector", [ports["collector"]!])],
  );
}

export const headSamplingOfErrors: Witness = {
  rule: "head-sampling-of-errors",
  shows: "Of 200 failed requests about 20 are traced at 10 %; all are where all are sampled.",
  standsFor: "Every request fails; a traced one is one that Envoy hands to the collector.",
  upstreams: [
    {
      name: "failing",
      law: { kind: "constant", ms: 1 },
      faults: [{ atMs: 0, untilMs: Infinity, errorPermille: 1000 }],
    },
    { name: "collector", law: { kind: "constant", ms: 1 } },
  ],
  broken: (ports) => bootstrap(ports, 10),
  fixed: (ports) => bootstrap(ports, 100),
  async drive(stage) {
    const answers = await stage.send(REQUESTS);
    const tracing = "http.entry.tracing";
    return {
      answers_503: answers.count(503),
      [`${tracing}.random_sampling`]: await stage.settledStat(`${tracing}.random_sampling`),
      [`${tracing}.not_traceable`]: await stage.settledStat(`${tracing}.not_traceable`),
    };
  },
  // Sampling is random: of 200 at 10 %, under 2 or over 48 is rarer than one in ten million.
  expect: {
    answers_503: { broken: exactly(REQUESTS), fixed: exactly(REQUESTS) },
    "http.entry.tracing.random_sampling": { broken: between(2, 48), fixed: exactly(REQUESTS) },
    "http.entry.tracing.not_traceable": { broken: between(152, 198), fixed: exactly(0) },
  },
};
