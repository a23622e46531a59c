// Answers that the filter gives through the proxy, and what stops and holds a stream.

import { describe, expect, it } from "vitest";
import { answer, callbacks, request, REQUEST, RESPONSE, scripted } from "./probe";

const BODY_HEADERS = [
  [":status", "429"],
  ["x-reply", "yes"],
  ["content-length", "9"],
  ["content-type", "text/plain"],
];

describe("a local reply", () => {
  it("stops the request and reaches the client with the filter's headers and body", () => {
    const proxy = scripted(["rq reply 429 over_limit slow_down"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    expect(stream.reply).toMatchObject({ code: 429, details: "over_limit" });
    expect(Buffer.from(stream.toClient.body()).toString()).toBe("slow_down");
    expect(stream.response.toList()).toEqual(BODY_HEADERS);
    expect(stream.toUpstream.headersPassed).toBe(false);
    expect(stream.toClient.ended).toBe(true);
  });

  it("runs the response callbacks of the filter that gave it", () => {
    const proxy = scripted(["rq reply 429 d body", "rs set 2 x-seen 1"]);
    proxy.logs.clear();
    const stream = request(proxy);
    expect(callbacks(proxy)).toEqual([
      "create 2 1",
      "request_headers 2 5 1",
      "response_headers 2 4 0",
      "response_body 2 4 1",
      "log 2",
      "done 2",
      "delete 2",
    ]);
    expect(stream.response.get("x-seen")).toBe("1");
  });

  it("given twice in one callback is the first one", () => {
    const proxy = scripted(["rq reply 429 first _", "rq reply 503 second _"]);
    expect(request(proxy).reply?.code).toBe(429);
    expect(answer(proxy, "rq reply 503 second _")).toBe("0");
  });

  it("has no length and no type without a body", () => {
    const stream = request(scripted(["rq reply 403 d _"]));
    expect(stream.response.toList()).toEqual([
      [":status", "403"],
      ["x-reply", "yes"],
    ]);
  });

  it("keeps the body back from a HEAD request", () => {
    const head = [[":method", "HEAD"] as const, ...REQUEST.slice(1)];
    const stream = request(scripted(["rq reply 429 d body"]), head);
    expect(stream.response.get("content-length")).toBe("4");
    expect(stream.toClient.body()).toHaveLength(0);
  });

  it("to a gRPC request is a 200 with grpc-status and grpc-message", () => {
    const grpc = [...REQUEST, ["content-type", "application/grpc"] as const];
    const stream = request(scripted(["rq reply 429 d too%many"]), grpc);
    expect(stream.response.toList()).toEqual([
      [":status", "200"],
      ["x-reply", "yes"],
      ["content-type", "application/grpc"],
      ["grpc-status", "14"],
      ["grpc-message", "too%00many"],
    ]);
  });

  it("in the response phase replaces the upstream's answer without asking the filter again", () => {
    const proxy = scripted(["rs reply 502 bad _"]);
    const stream = request(proxy);
    expect(stream.response.get(":status")).toBe("502");
    expect(stream.response.get("content-type")).toBeUndefined();
    expect(callbacks(proxy).filter((c) => c.startsWith("response_headers"))).toHaveLength(1);
  });

  it("after the response has left can only reset the stream", () => {
    const proxy = scripted(["rsb reply 502 bad _"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.pushResponseHeaders(RESPONSE).pushResponseBody("x", false);
    expect(stream.wasReset).toBe(true);
  });

  it("in a root context is answered Ok and does nothing", () => {
    const proxy = scripted(["tick reply 429 d _", "configure period 10"]);
    proxy.advance(10e6);
    expect(answer(proxy, "tick reply 429 d _")).toBe("0");
  });

  it("can be given from a tick by taking the stream's context as the effective one", () => {
    const proxy = scripted([
      "rq return 1",
      "configure period 10",
      "tick effective 2",
      "tick reply 429 late _",
    ]);
    const stream = proxy.stream(0, { headers: REQUEST });
    expect(stream.reply).toBeNull();
    proxy.advance(10e6);
    expect(stream.reply?.details).toBe("late");
  });
});

describe("close_stream", () => {
  it("drops the request before it reaches the upstream, and the log says who did it", () => {
    const proxy = scripted(["rq close 0", "log prop response%code_details"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.end();
    expect(stream.wasReset).toBe(true);
    expect(stream.toUpstream.headersPassed).toBe(false);
    expect(answer(proxy, "log prop response%code_details")).toBe("0 wasm_close_stream");
  });
});

describe("a stopped request", () => {
  it("holds the body too, because StopIteration is stop-all to Envoy", () => {
    const proxy = scripted(["rq return 1"]);
    const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
    stream.pushRequestBody("abc", true);
    expect(stream.requestAction).toBe(4);
    expect(callbacks(proxy).some((c) => c.startsWith("request_body"))).toBe(false);
    expect(stream.toUpstream.headersPassed).toBe(false);
  });

  it("lets the body reach the filter under allow_on_headers_stop_iteration", () => {
    const script = ["rq return 1", "rqb body 0 64"];
    const proxy = scripted(script, { allowOnHeadersStopIteration: true });
    const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
    expect(stream.requestAction).toBe(1);
    stream.pushRequestBody("abc", true);
    expect(answer(proxy, "rqb body 0 64")).toBe("0 abc");
    expect(stream.toUpstream.headersPassed).toBe(true);
    expect(Buffer.from(stream.toUpstream.body()).toString()).toBe("abc");
  });

  it("goes on at continue_stream, and what waited reaches the filter first", () => {
    const proxy = scripted([
      "rq return 1",
      "configure period 10",
      "tick effective 2",
      "tick continue 0",
      "rqb body 0 64",
    ]);
    const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
    stream.pushRequestBody("abc", true);
    proxy.advance(10e6);
    expect(answer(proxy, "rqb body 0 64")).toBe("0 abc");
    expect(stream.toUpstream).toMatchObject({ headersPassed: true, ended: true });
  });

  it("keeps its headers readable until it goes on", () => {
    const proxy = scripted([
      "rq return 1",
      "configure period 10",
      "tick effective 2",
      "tick get 0 x-tier",
    ]);
    proxy.stream(0, { headers: REQUEST });
    proxy.advance(10e6);
    expect(answer(proxy, "tick get 0 x-tier")).toBe("0 gold");
  });

  it("treats an answer that Envoy does not know as stop", () => {
    expect(request(scripted(["rq return 9"])).requestAction).toBe(4);
    expect(request(scripted(["rq return 2"])).requestAction).toBe(0);
  });
});

describe("a body", () => {
  it("is shown chunk by chunk as it arrives and goes on at once", () => {
    const proxy = scripted(["rsb body 1 64"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.pushResponseHeaders(RESPONSE).pushResponseBody("ab", false).pushResponseBody("", true);
    expect(callbacks(proxy).filter((c) => c.startsWith("response_body"))).toEqual([
      "response_body 2 2 0",
      "response_body 2 0 1",
    ]);
    expect(Buffer.from(stream.toClient.body()).toString()).toBe("ab");
  });

  it("is shown whole when the filter asks for it to be buffered", () => {
    const proxy = scripted(["rqb return 1", "rqb body 0 64"]);
    const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
    stream.pushRequestBody("ab", false).pushRequestBody("cd", false);
    expect(answer(proxy, "rqb body 0 64")).toBe("0 abcd");
    expect(stream.toUpstream.body()).toHaveLength(0);
  });

  it("can be rewritten at the front and extended at the end, not in the middle", () => {
    const proxy = scripted([
      "rsb set-body 1 0 1 X",
      "rsb set-body 1 9 0 Z",
      "rsb set-body 1 1 1 Y",
    ]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.pushResponseHeaders(RESPONSE).pushResponseBody("abc", true);
    expect(Buffer.from(stream.toClient.body()).toString()).toBe("XbcZ");
    expect(answer(proxy, "rsb set-body 1 1 1 Y")).toBe("2");
  });

  it("reads as empty outside its phase, the configuration as NotFound", () => {
    const proxy = scripted(["rq body 0 64", "rq body 7 64", "rq body 6 64", "rq body 9 64"], {
      vmConfiguration: "vm-text",
    });
    request(proxy);
    expect(answer(proxy, "rq body 0 64")).toBe("0 ");
    expect(answer(proxy, "rq body 7 64")).toBe("1");
    expect(answer(proxy, "rq body 6 64")).toBe("0 vm-text");
    expect(answer(proxy, "rq body 9 64")).toBe("2");
  });

  it("ends in trailers that the filter can read and change", () => {
    const proxy = scripted(["rst get 3 x-t", "rst set 3 x-t 2"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.pushResponseHeaders(RESPONSE).pushResponseTrailers([["x-t", "1"]]);
    expect(answer(proxy, "rst get 3 x-t")).toBe("0 1");
    expect(stream.toClient.trailers?.toList()).toEqual([["x-t", "2"]]);
  });
});
