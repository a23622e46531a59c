// Two runs of one seed are the same run, and the host is fast enough to make millions of them.

import { describe, expect, it } from "vitest";
import { EmbeddedProxy, HeaderSet } from "../../../host-tools/src/embedded";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { guestModule } from "./guest-modules";
import { scripted } from "./probe";

/** A few hundred requests over two workers at random instants, with everything observed. */
function run(seed: number): unknown {
  const script = [
    "configure period 7",
    "rq random",
    "rq clock 1",
    "log data-set k v",
    "tick data-get k",
  ];
  const proxy = scripted(script, { seed, workers: 2, mainThread: true, canary: true });
  const prng = seededPrng(seed).fork("arrivals");
  for (let i = 0; i < 200; i++) {
    const headers = [[":method", "GET"] as const, [":path", `/${prng.below(9)}`] as const];
    const stream = proxy.stream(prng.below(2), { headers });
    proxy.advance(prng.exponential(3e6));
    stream.pushResponseHeaders([[":status", "200"]], true).end();
  }
  return {
    logs: [...proxy.logs],
    metrics: proxy.metrics.snapshot(),
    now: proxy.process.clock.elapsedNs,
  };
}

describe("a run", () => {
  it("of the same seed is the same in every log line and every instant", () => {
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it("of many requests leaves no context and no memory behind", () => {
    const proxy = new EmbeddedProxy({ wasm: guestModule("speed"), mainThread: false });
    proxy.configure("x");
    const requests = headerSets(64);
    const response = HeaderSet.compile("response", [
      [":status", "200"],
      ["server", "x"],
    ]);
    const drive = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const stream = proxy.begin(0, requests[i % 64]!, true);
        proxy.advance(1_000);
        stream.pushResponseHeaders(response, true).release();
      }
    };
    drive(20_000);
    const vm = proxy.workers[0]!.vm!;
    const before = { contexts: vm.contexts.size, bytes: vm.memory.sizeBytes };
    const started = process.hrtime.bigint();
    drive(100_000);
    const nsPerRequest = Number(process.hrtime.bigint() - started) / 100_000;
    console.info(`embedded host: ${nsPerRequest.toFixed(0)} ns a request with the speed probe`);
    expect({ contexts: vm.contexts.size, bytes: vm.memory.sizeBytes }).toEqual(before);
    expect(proxy.metrics.counter("speed")).toBe(120_000);
  });
});

function headerSets(count: number): HeaderSet[] {
  return Array.from({ length: count }, (_, i) =>
    HeaderSet.compile("request", [
      [":method", "POST"],
      [":path", `/api/llm/chat/${i}`],
      [":authority", "llm.example"],
      [":scheme", "https"],
      ["user-agent", "probe"],
      ["accept", "*/*"],
      ["x-request-id", `5c1a-${i}`],
      ["x-user-tier", "gold"],
      ["content-type", "application/json"],
      ["x-forwarded-for", "10.0.0.1"],
      ["x-forwarded-proto", "https"],
    ]),
  );
}
