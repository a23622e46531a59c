// Header maps as a filter sees them.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeaderSet } from "../../../host-tools/src/embedded";
import { Latin1Cache } from "../../../host-tools/src/embedded/latin1";
import { pairsSizeBytes, readPairs, writePairs } from "../../../host-tools/src/embedded/pairs";
import { answer, request, REQUEST, RESPONSE, scripted } from "./probe";

describe("request headers", () => {
  it("are all readable in one call, in Envoy's order, pseudo headers first", () => {
    const proxy = scripted(["rq pairs 0"]);
    request(proxy, [["x-tier", "gold"], ...REQUEST.slice(0, 4)]);
    expect(answer(proxy, "rq pairs 0")).toBe(
      "0 5 :method=GET; :path=/chat?user=1; :authority=llm.example; :scheme=http; x-tier=gold;",
    );
  });

  it("return only the first value of a repeated header, while the upstream gets both", () => {
    const proxy = scripted(["rq get 0 x-tier", "rq pairs 0"]);
    const stream = request(proxy, [...REQUEST, ["x-tier", "free"]]);
    expect(answer(proxy, "rq get 0 x-tier")).toBe("0 gold");
    expect(answer(proxy, "rq pairs 0")).toContain("x-tier=gold; x-tier=free;");
    expect(stream.request.getAll("x-tier")).toEqual(["gold", "free"]);
  });

  it("join the values of an inline header with a comma", () => {
    const proxy = scripted(["rq get 0 user-agent"]);
    request(proxy, [...REQUEST, ["user-agent", "a"], ["User-Agent", "b"]]);
    expect(answer(proxy, "rq get 0 user-agent")).toBe("0 a,b");
  });

  it("come in lower case and are found in any case, with host as :authority", () => {
    const proxy = scripted(["rq get 0 X-MODEL", "rq get 0 host", "rq pairs 0"]);
    request(proxy, [...REQUEST, ["X-Model", "Big"]]);
    expect(answer(proxy, "rq get 0 X-MODEL")).toBe("0 Big");
    expect(answer(proxy, "rq get 0 host")).toBe("0 llm.example");
    expect(answer(proxy, "rq pairs 0")).toContain("x-model=Big;");
  });

  it("answer NotFound for a header that is not there", () => {
    const proxy = scripted(["rq get 0 x-nothing"]);
    request(proxy);
    expect(answer(proxy, "rq get 0 x-nothing")).toBe("1");
  });

  it("take additions, replacements and removals, and the upstream sees the result", () => {
    const proxy = scripted([
      "rq add 0 x-new 1",
      "rq add 0 x-new 2",
      "rq set 0 X-Tier silver",
      "rq remove 0 :scheme",
    ]);
    const stream = request(proxy, [...REQUEST, ["x-tier", "free"]]);
    expect(stream.request.toList()).toEqual([
      [":method", "GET"],
      [":path", "/chat?user=1"],
      [":authority", "llm.example"],
      ["x-new", "1"],
      ["x-new", "2"],
      ["x-tier", "silver"],
    ]);
  });

  it("keep the shared compiled set unchanged when a filter changes its own copy", () => {
    const set = HeaderSet.compile("request", REQUEST);
    const proxy = scripted(["rq set 0 x-tier silver"]);
    const stream = proxy.stream(0, { headers: set });
    expect(stream.request.get("x-tier")).toBe("silver");
    expect(set.get("x-tier")).toBe("gold");
  });

  it("drop the cached route on every change, even an innocent one", () => {
    const proxy = scripted(["rq set 0 x-a 1", "rq remove 0 x-not-there", "rs set 2 x-b 1"]);
    const stream = request(proxy);
    expect(stream.routeCacheClears).toBe(2);
    expect(request(scripted([])).routeCacheClears).toBe(0);
  });

  it("have a byte size only while they may be changed", () => {
    const proxy = scripted(["rq size 0", "rs size 0", "log size 0"]);
    request(proxy, [
      [":path", "/"],
      ["a", "bcd"],
    ]);
    expect(answer(proxy, "rq size 0")).toBe("0 10");
    expect(answer(proxy, "rs size 0")).toBe("2");
    expect(answer(proxy, "log size 0")).toBe("2");
  });

  it("keep header bytes above 0x7f as they came", () => {
    const proxy = scripted(["rq pairs 0"]);
    const stream = request(proxy, [...REQUEST, ["x-bytes", "\u00ff\u0080"]]);
    expect(stream.request.get("x-bytes")).toBe("\u00ff\u0080");
    expect(() => HeaderSet.compile("request", [["x", "€"]])).toThrow(/U\+20ac/);
  });
});

describe("a header map outside its phase", () => {
  const script = [
    "rq get 2 :status",
    "rq set 2 x 1",
    "rs get 0 x-tier",
    "rs set 0 x 1",
    "rs pairs 0",
    "rs get 2 :status",
    "log get 0 x-tier",
    "log get 2 :status",
    "log get 1 x",
    "log set 2 x 1",
    "rq get 8 x",
    "tick get 0 x-tier",
  ];

  it("is BadArgument to get and to set, and empty to get-all", () => {
    const proxy = scripted(script);
    request(proxy);
    expect(answer(proxy, "rq get 2 :status")).toBe("2");
    expect(answer(proxy, "rq set 2 x 1")).toBe("2");
    expect(answer(proxy, "rs get 0 x-tier")).toBe("2");
    expect(answer(proxy, "rs set 0 x 1")).toBe("2");
    expect(answer(proxy, "rs pairs 0")).toBe("0 none");
    expect(answer(proxy, "rq get 8 x")).toBe("2");
  });

  it("is readable again in the log, where nothing can be changed and absence is NotFound", () => {
    const proxy = scripted(script);
    request(proxy);
    expect(answer(proxy, "log get 0 x-tier")).toBe("0 gold");
    expect(answer(proxy, "log get 2 :status")).toBe("0 200");
    expect(answer(proxy, "log get 1 x")).toBe("1");
    expect(answer(proxy, "log set 2 x 1")).toBe("2");
  });

  it("is BadArgument in a root context", () => {
    const proxy = scripted([...script, "configure period 10"]);
    proxy.advance(10e6);
    expect(answer(proxy, "tick get 0 x-tier")).toBe("2");
  });
});

describe("response headers", () => {
  it("reach the client as the filter left them", () => {
    const proxy = scripted(["rs set 2 server ganglion", "rs remove 2 content-type"]);
    const stream = request(proxy);
    expect(stream.response.toList()).toEqual([
      [":status", "200"],
      ["server", "ganglion"],
    ]);
  });

  it("of trailers can be made by the filter at the end of the body", () => {
    const proxy = scripted(["rsb add 3 x-tokens 12"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.pushResponseHeaders(RESPONSE).pushResponseBody("a", false).pushResponseBody("b", true);
    expect(stream.toClient.trailers?.toList()).toEqual([["x-tokens", "12"]]);
    expect(stream.toClient.ended).toBe(true);
  });
});

describe("serialised pairs", () => {
  const byteString = fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => Buffer.from(bytes).toString("latin1"));

  it("come back from the bytes exactly as they went in", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(byteString, byteString), { maxLength: 30 }), (list) => {
        const names = list.map(([name]) => name);
        const values = list.map(([, value]) => value);
        const bytes = new Uint8Array(pairsSizeBytes(names, values) + 16);
        writePairs(names, values, bytes, 8);
        const size = bytes.length - 16;
        expect(readPairs(bytes, 8, size, new Latin1Cache())).toEqual({ names, values });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("are the empty list when any byte of the frame is wrong", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const { names, values } = readPairs(bytes, 0, bytes.length, new Latin1Cache());
        expect(names.length).toBe(values.length);
        const size = pairsSizeBytes(names, values);
        if (names.length > 0) expect(size).toBe(bytes.length);
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });

  it("replace the whole map, and are dropped whole above 1024 pairs or 1 MiB", () => {
    const lines = ["rq set-pairs 0 x 1 1024", "rs set-pairs 2 x 1 1025", "rsb set-pairs 2 x 1 9"];
    const proxy = scripted(lines);
    const stream = request(proxy);
    expect(stream.request.size).toBe(1_024);
    expect(stream.response.size).toBe(0);
    const long = "v".repeat(600_000);
    const over = scripted([`rq set-pairs 0 x ${long} 2`]);
    expect(request(over).request.size).toBe(0);
  });
});
