// Virtual clocks, ticks, randomness and call-outs.

import { describe, expect, it } from "vitest";
import { answer, answers, callbacks, probeProxy, request, REQUEST, scripted } from "./probe";

const ticksAt = (proxy: ReturnType<typeof scripted>): [string, number][] =>
  [...proxy.logs]
    .filter((line) => /^tick \d+$/.test(line.message))
    .map((line) => [`${line.vm}: ${line.message}`, line.atNs / 1e6]);

describe("a clock", () => {
  it("is the wall clock in whole microseconds, and the monotonic clock in nanoseconds", () => {
    const proxy = scripted(["rq wall", "rq clock 0", "rq clock 1", "rq clock 2"], {
      startTimeNs: 1_700_000_000_000_000_000n,
      monotonicStartNs: 5_000,
    });
    proxy.advance(1_234_567_891_234);
    request(proxy);
    expect(answer(proxy, "rq wall")).toBe("0 1700001234567891000");
    expect(answer(proxy, "rq clock 0")).toBe("0 1700001234567891000");
    expect(answer(proxy, "rq clock 1")).toBe("0 1234567896234");
    expect(answer(proxy, "rq clock 2")).toBe("58");
  });

  it("stands still while the filter runs", () => {
    const proxy = scripted(["rq clock 1", "log clock 1"]);
    request(proxy);
    expect(answer(proxy, "rq clock 1")).toBe(answer(proxy, "log clock 1"));
  });

  it("does not go backwards", () => {
    expect(() => scripted([]).advance(-1)).toThrow(/cannot advance/);
  });
});

describe("a tick", () => {
  it("comes at each period, at its exact instant, on every thread", () => {
    const proxy = scripted(["configure period 10"], { workers: 2, mainThread: true });
    proxy.advance(25e6);
    expect(ticksAt(proxy)).toEqual([
      ["main: tick 1", 10],
      ["worker 0: tick 1", 10],
      ["worker 1: tick 1", 10],
      ["main: tick 1", 20],
      ["worker 0: tick 1", 20],
      ["worker 1: tick 1", 20],
    ]);
  });

  it("belongs to its root context, so two configurations alive tick twice", () => {
    const proxy = scripted(["configure period 10"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    proxy.configure("configure period 15");
    proxy.advance(30e6);
    expect(ticksAt(proxy).map(([tick, at]) => `${tick} ${at}`)).toEqual([
      "worker 0: tick 1 10",
      "worker 0: tick 3 15",
      "worker 0: tick 1 20",
      "worker 0: tick 3 30",
      "worker 0: tick 1 30",
    ]);
    stream.end();
    proxy.logs.clear();
    proxy.advance(30e6);
    expect(ticksAt(proxy).every(([tick]) => tick.endsWith("tick 3"))).toBe(true);
  });

  it("can be set from a stream, stopped with 0 and changed from within", () => {
    const proxy = scripted(["rq period 10", "tick period 0"]);
    request(proxy);
    proxy.advance(100e6);
    expect(ticksAt(proxy)).toEqual([["worker 0: tick 1", 10]]);
    const changed = scripted(["configure period 10", "tick period 20"]);
    changed.advance(50e6);
    expect(ticksAt(changed).map(([, at]) => at)).toEqual([10, 30, 50]);
  });

  it("ends with its VM", () => {
    const proxy = scripted(["configure period 10", "rq trap"]);
    request(proxy);
    proxy.advance(50e6);
    expect(ticksAt(proxy)).toEqual([]);
  });
});

describe("randomness", () => {
  it("comes from the seed: the same for the same seed, another for another", () => {
    const draw = (seed: number): string => {
      const proxy = scripted(["rq random"], { seed });
      request(proxy);
      return answer(proxy, "rq random")!;
    };
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });

  it("is given in at most 64 KiB", () => {
    const proxy = scripted(["rq random-size 65536", "rq random-size 65537"]);
    request(proxy);
    expect(answer(proxy, "rq random-size 65537")).toBe("28");
  });
});

describe("an HTTP call-out", () => {
  const script = ["rq http-call auth", "call get 6 :status", "call body 4 64", "call status"];

  it("to an unknown cluster is BadArgument", () => {
    const proxy = scripted(script);
    request(proxy);
    expect(answer(proxy, "rq http-call auth")).toBe("2");
  });

  it("is answered on the root context when its time has come", () => {
    const proxy = probeProxy({
      onHttpCall: (call) =>
        call.cluster === "auth"
          ? { afterNs: 3e6, headers: [[":status", "204"]], body: new TextEncoder().encode("ok") }
          : undefined,
    });
    proxy.configure(script.join("\n"));
    request(proxy);
    expect(answer(proxy, "rq http-call auth")).toBe("0 4");
    proxy.advance(2e6);
    expect(answers(proxy, "call get 6 :status")).toEqual([]);
    proxy.advance(1e6);
    expect(callbacks(proxy)).toContain("http_call_response 1 4 1 2 0");
    expect(answer(proxy, "call get 6 :status")).toBe("0 204");
    expect(answer(proxy, "call body 4 64")).toBe("0 ok");
  });

  it("that fails is told with nothing in it and a status to read", () => {
    const proxy = probeProxy({ onHttpCall: () => ({}) });
    proxy.configure(script.join("\n"));
    request(proxy);
    proxy.advance(1);
    expect(callbacks(proxy)).toContain("http_call_response 1 4 0 0 0");
    expect(answer(proxy, "call status")).toBe("0 11");
    expect(answer(proxy, "call get 6 :status")).toBe("2");
  });
});
