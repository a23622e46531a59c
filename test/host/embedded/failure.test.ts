// What a trap does, under each failure policy. The table is Envoy's, measured on the real one.

import { describe, expect, it } from "vitest";
import {
  type EmbeddedProxy,
  type FailurePolicy,
  type Stream,
} from "../../../host-tools/src/embedded";
import { answer, callbacks, probeProxy, request, REQUEST, RESPONSE } from "./probe";

interface Outcome {
  readonly trapping: string;
  readonly inFlight: string;
  readonly later: string;
}

const CODE = (stream: Stream): string => stream.response.get(":status") ?? "none";

/** A filter that traps on the second request, with one request in flight. */
function trapping(failurePolicy: FailurePolicy, reloadBackoffMs?: number): EmbeddedProxy {
  const options = reloadBackoffMs === undefined ? {} : { reloadBackoffMs };
  const proxy = probeProxy({ failurePolicy, workers: 2, ...options });
  proxy.configure("rqb trap\nrs set 2 x-filtered 1");
  proxy.advance(5e9);
  return proxy;
}

function trap(proxy: EmbeddedProxy): Stream {
  const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
  stream.pushRequestBody("x", true);
  if (stream.reply === null) stream.pushResponseHeaders(RESPONSE, true);
  stream.end();
  return stream;
}

function outcome(failurePolicy: FailurePolicy): Outcome {
  const proxy = trapping(failurePolicy);
  const inFlight = proxy.stream(0, { headers: REQUEST });
  const first = trap(proxy);
  inFlight.pushResponseHeaders(RESPONSE, true).end();
  return { trapping: CODE(first), inFlight: CODE(inFlight), later: CODE(request(proxy)) };
}

describe("a trap", () => {
  it("under FAIL_CLOSED answers 503 to everything, for ever", () => {
    expect(outcome("FAIL_CLOSED")).toEqual({ trapping: "503", inFlight: "503", later: "503" });
    const proxy = trapping("FAIL_CLOSED");
    trap(proxy);
    proxy.advance(3_600e9);
    const stream = request(proxy);
    expect(stream.reply).toMatchObject({ code: 503, details: "wasm_fail_stream" });
  });

  it("under FAIL_OPEN answers 503 to what is in flight; later requests pass unfiltered", () => {
    expect(outcome("FAIL_OPEN")).toEqual({ trapping: "503", inFlight: "503", later: "200" });
    const proxy = trapping("FAIL_OPEN");
    trap(proxy);
    proxy.advance(3_600e9);
    const later = request(proxy);
    expect(later.filtered).toBe(false);
    expect(later.response.get("x-filtered")).toBeUndefined();
  });

  it("under the legacy fail_open harms no request", () => {
    expect(outcome("legacy_fail_open")).toEqual({ trapping: "200", inFlight: "200", later: "200" });
  });

  it("under FAIL_RELOAD fails what is in flight and gives the next request a new VM", () => {
    expect(outcome("FAIL_RELOAD")).toEqual({ trapping: "503", inFlight: "503", later: "200" });
    const proxy = trapping("FAIL_RELOAD");
    trap(proxy);
    expect(request(proxy).response.get("x-filtered")).toBe("1");
    expect(proxy.workers[0]!.reloads).toBe(1);
    expect(callbacks(proxy, "worker 0").filter((c) => c.includes("configures=1"))).toHaveLength(2);
  });

  it("under FAIL_RELOAD a second time within the back-off gives 503 until it is over", () => {
    const proxy = trapping("FAIL_RELOAD");
    trap(proxy);
    trap(proxy);
    expect(CODE(request(proxy))).toBe("503");
    proxy.advance(900e6);
    expect(CODE(request(proxy))).toBe("503");
    expect(proxy.workers[0]!.reloadBackoffs).toBe(2);
    proxy.advance(700e6);
    expect(request(proxy).response.get("x-filtered")).toBe("1");
  });

  it("is the worker's own: the other worker goes on", () => {
    const proxy = trapping("FAIL_CLOSED");
    trap(proxy);
    const stream = proxy.stream(1, { headers: REQUEST }).pushResponseHeaders(RESPONSE, true);
    expect(stream.response.get("x-filtered")).toBe("1");
  });

  it("is healed by a changed configuration, in a new VM with the shared data of the old", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_OPEN" });
    proxy.configure("configure data-set k kept\nrq trap");
    request(proxy);
    expect(proxy.configure("configure data-set k kept\nrq trap").status).toBe("unchanged");
    expect(request(proxy).filtered).toBe(false);
    expect(proxy.configure("rq data-get k").status).toBe("accepted");
    expect(request(proxy).filtered).toBe(true);
    expect(answer(proxy, "rq data-get k")).toMatch(/^0 kept/);
    expect(callbacks(proxy, "worker 0")).toContain("vm_start 1 0 starts=1");
  });

  it("logs the function and the reason, and no callback runs in the dead VM", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_OPEN" });
    proxy.configure("rq trap");
    proxy.logs.clear();
    request(proxy);
    expect(proxy.logs.messages("error")).toEqual([
      "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable",
    ]);
    expect(callbacks(proxy)).toEqual(["create 2 1", "request_headers 2 5 1"]);
  });

  it("by endless recursion is a trap like any other", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_OPEN" });
    proxy.configure("rq loop");
    expect(request(proxy).reply?.code).toBe(503);
    expect(request(proxy).filtered).toBe(false);
  });

  it("after the response has begun to leave resets the stream", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_OPEN" });
    proxy.configure("rsb trap");
    const stream = proxy.stream(0, { headers: REQUEST }).pushResponseHeaders(RESPONSE);
    stream.pushResponseBody("x", false);
    expect(stream.wasReset).toBe(true);
    expect(stream.reply).toBeNull();
  });

  it("in the log harms no request that is over, only what comes next", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_CLOSED" });
    proxy.configure("log trap");
    expect(CODE(request(proxy))).toBe("200");
    expect(CODE(request(proxy))).toBe("503");
  });

  it("in on_context_create passes the canary unseen and shows at the first request", () => {
    const proxy = probeProxy({ failurePolicy: "FAIL_CLOSED", canary: true });
    proxy.configure("create trap");
    const stream = request(proxy);
    expect(CODE(stream)).toBe("503");
  });
});

describe("a bug of the host or of a hook", () => {
  it("is not taken for a trap of the filter", () => {
    const proxy = probeProxy({
      onHostCall: (name) => {
        if (name === "proxy_get_header_map_value") throw new TypeError("a bug");
        return undefined;
      },
    });
    proxy.configure("rq get 0 x-tier");
    expect(() => request(proxy)).toThrow("a bug");
  });
});
