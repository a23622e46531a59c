// The time of a try runs to the first byte of the answer (a stream that has begun is not cut by it):
// a prompt whose first token takes longer is begun again from the start, as often as there are tries.

import { cluster, manyRetries, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

function bootstrap(ports: Ports, action: Message) {
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("model", action)] }],
    [cluster("model", [ports["model"]!], manyRetries())],
  );
}

export const streamWithRetries: Witness = {
  rule: "stream-with-retries",
  shows:
    "A stream whose first token is later than the time of a try is begun three times for nothing.",
  standsFor: "1 s stands for the 10 s of a try, 2.5 s for a first token after 25 s.",
  upstreams: [{ name: "model", law: { kind: "llm", ttftMs: 2500, perTokenMs: 20 } }],
  broken: (ports) =>
    bootstrap(ports, {
      timeout: "0s",
      retry_policy: { retry_on: "5xx", num_retries: 2, per_try_timeout: "1s" },
    }),
  fixed: (ports) => bootstrap(ports, { timeout: "0s" }),
  async drive(stage) {
    const headers = { accept: "text/event-stream", "x-tokens-output": "20" };
    const answers = await stage.sendAtRate(50, 5, { headers, timeoutMs: 30_000 });
    const model = await stage.settledUpstream("model");
    return {
      streams: 5,
      streams_complete: answers.count(200),
      answers_504: answers.count(504),
      calls_begun_by_model: model.requests,
    };
  },
  expect: {
    streams: { broken: exactly(5), fixed: exactly(5) },
    streams_complete: { broken: exactly(0), fixed: exactly(5) },
    answers_504: { broken: exactly(5), fixed: exactly(0) },
    calls_begun_by_model: { broken: exactly(15), fixed: exactly(5) },
  },
};
