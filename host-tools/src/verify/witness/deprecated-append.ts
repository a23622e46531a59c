// `append` of a header option gave way to `append_action`. Envoy still takes it, warns, and counts
// each use: a later Envoy will refuse the listener.

import { cluster, filter, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { atLeast, exactly, type Ports, type Witness } from "./witness";

function bootstrap(ports: Ports, option: Message) {
  const header = { header: { key: "x-local-rate-limit", value: "true" }, ...option };
  const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  const limit = filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {
    stat_prefix: "limit",
    token_bucket: { max_tokens: 2, tokens_per_fill: 2, fill_interval: "60s" },
    filter_enabled: always,
    filter_enforced: always,
    response_headers_to_add: [header],
  });
  return witnessBootstrap(
    [{ name: ENTRY, filters: [limit], routes: [route("llm")] }],
    [cluster("llm", [ports["app"]!])],
  );
}

export const deprecatedAppend: Witness = {
  rule: "deprecated-append",
  shows: "Envoy warns of append and counts it; with append_action it does the same and is silent.",
  standsFor: "A bucket of two tokens stands for one of 100 a second.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 1 } }],
  broken: (ports) => bootstrap(ports, { append: false }),
  fixed: (ports) => bootstrap(ports, { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }),
  async drive(stage) {
    const answers = await stage.send(5);
    return {
      answers_429: answers.count(429),
      "runtime.deprecated_feature_use": await stage.stat("runtime.deprecated_feature_use"),
      warnings_in_log: stage.logLines("HeaderValueOption.append'").length,
    };
  },
  expect: {
    answers_429: { broken: exactly(3), fixed: exactly(3) },
    "runtime.deprecated_feature_use": { broken: atLeast(1), fixed: exactly(0) },
    warnings_in_log: { broken: atLeast(1), fixed: exactly(0) },
  },
};
