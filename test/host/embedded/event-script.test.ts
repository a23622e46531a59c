// Event scripts: one JSON-able list of steps in, one canonical set of observations out.

import { describe, expect, it } from "vitest";
import { replayEvents, type EventScript } from "../../../host-tools/src/embedded";
import { guestModule } from "./guest-modules";
import { REQUEST, RESPONSE } from "./probe";

const SCRIPT: EventScript = {
  name: "one routed, one refused, one aborted, one refused push",
  options: { workers: 1, mainThread: false, failurePolicy: "FAIL_OPEN" },
  steps: [
    { step: "configure", configuration: "configure define 0 seen\nrq inc 4 1\nrq set 0 x-arm b" },
    { step: "request", id: "routed", headers: REQUEST, chunks: ["ab", "cd"] },
    { step: "advance", ms: 5 },
    { step: "answer", id: "routed", headers: [...RESPONSE, ["Date", "x"]], chunks: ["e", "f"] },
    { step: "configure", configuration: "reject" },
    { step: "configure", configuration: "rq reply 429 over slow" },
    { step: "request", id: "refused", headers: REQUEST },
    { step: "answer", id: "refused", headers: RESPONSE },
    { step: "configure", configuration: "log prop-int response%flags" },
    { step: "request", id: "aborted", headers: REQUEST },
    { step: "disconnect", id: "aborted" },
  ],
};

describe("an event script", () => {
  const seen = replayEvents(
    guestModule("probe"),
    JSON.parse(JSON.stringify(SCRIPT)) as EventScript,
  );

  it("tells what became of each configuration", () => {
    expect(seen.configurations).toEqual(["accepted", "rejected", "accepted", "accepted"]);
  });

  it("shows what the upstream and the client got, without what any proxy adds", () => {
    expect(seen.streams["routed"]).toEqual({
      upstreamHeaders: [
        [":authority", "llm.example"],
        [":method", "GET"],
        [":path", "/chat?user=1"],
        [":scheme", "http"],
        ["x-arm", "b"],
        ["x-tier", "gold"],
      ],
      upstreamBody: "abcd",
      clientHeaders: [
        [":status", "200"],
        ["content-type", "application/json"],
      ],
      clientBody: "ef",
      reset: false,
    });
  });

  it("does not play an answer to a request that the proxy answered itself", () => {
    expect(seen.streams["refused"]).toMatchObject({ upstreamHeaders: null, clientBody: "slow" });
    expect(seen.streams["refused"]?.clientHeaders).toContainEqual([":status", "429"]);
  });

  it("shows statistics and the workers' log", () => {
    expect(seen.metrics).toEqual({ seen: { type: "counter", value: 1 } });
    expect(seen.logs).toContain("info log prop-int response%flags = 0 16384 bytes=8");
    expect(seen.streams["aborted"]).toMatchObject({ clientHeaders: null, reset: true });
  });

  it("refuses a step about a request that was never sent", () => {
    const steps = [{ step: "disconnect", id: "nobody" } as const];
    expect(() => replayEvents(guestModule("probe"), { name: "x", steps })).toThrow(/nobody/);
  });
});
