// A model that is slow and not broken: each try that Envoy gives up has been begun, and is paid for.

import { cluster, manyRetries, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

function bootstrap(ports: Ports, retryPolicy: Message) {
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("llm", { timeout: "15s", retry_policy: retryPolicy })] }],
    [cluster("llm", [ports["model"]!], manyRetries())],
  );
}

export const retryOfPaidPost: Witness = {
  rule: "retry-of-paid-post",
  shows: "A slow model is asked four times and nobody gets an answer; without the cut it is once.",
  standsFor: "1 s stands for the 10 s of a try, 2.5 s for an answer that takes 25 s.",
  upstreams: [{ name: "model", law: { kind: "constant", ms: 2500 } }],
  broken: (ports) =>
    bootstrap(ports, { retry_on: "5xx,reset", num_retries: 3, per_try_timeout: "1s" }),
  fixed: (ports) =>
    bootstrap(ports, { retry_on: "connect-failure,refused-stream", num_retries: 3 }),
  async drive(stage) {
    const answers = await stage.sendAtRate(50, 5, {
      method: "POST",
      body: '{"prompt":"hello"}',
      timeoutMs: 30_000,
    });
    const model = await stage.settledUpstream("model");
    return {
      requests: 5,
      answers_200: answers.count(200),
      answers_504: answers.count(504),
      calls_begun_by_model: model.requests,
      calls_thrown_away: model.aborted,
    };
  },
  expect: {
    requests: { broken: exactly(5), fixed: exactly(5) },
    answers_200: { broken: exactly(0), fixed: exactly(5) },
    answers_504: { broken: exactly(5), fixed: exactly(0) },
    calls_begun_by_model: { broken: exactly(20), fixed: exactly(5) },
    calls_thrown_away: { broken: exactly(20), fixed: exactly(0) },
  },
};
