// A client must not be able to say what only the filter says: every copy of our headers is gone
// before anything reads them, whatever it looks like.

import { describe, expect, it } from "vitest";
import type { Header } from "../../host-tools/src/embedded";
import {
  bareProxy,
  configOf,
  counter,
  exchange,
  filterProxy,
  observe,
} from "../support/filter-proxy";
import { request, settle, traps } from "../support/filter-proxy";

const NAMES = [
  "x-ganglion-arm",
  "x-ganglion-score",
  "x-ganglion-verdict",
  "x-ganglion-reason",
  "x-ganglion-model",
  "x-ganglion-deadline-ms",
  "x-ganglion-degraded",
  "x-ganglion-",
  "x-ganglion-anything-else",
];
const VALUES = ["evil", "", "a,b,c", "x".repeat(60_000)];
const COPIES = [1, 2, 200];
const single = configOf([{ name: "chat", arms: [{ name: "a" }] }]);

describe("a client's copy of our headers", () => {
  const cases = VALUES.flatMap((value) => COPIES.map((copies) => ({ value, copies })))
    // 200 copies of 60 KB are more than a proxy takes in.
    .filter(({ value, copies }) => value.length * copies <= 130_000)
    .map(({ value, copies }) => ({ value, copies, bytes: value.length }));

  it.each(cases)("is removed: $copies copies of $bytes bytes", ({ value, copies }) => {
    const proxy = filterProxy(single);
    for (const name of NAMES) {
      const sent = Array.from({ length: copies }, (): Header => [name, value]);
      const mixed: Header[] = [["x-before", "1"], ...sent, ["x-after", "2"]];
      const stream = proxy.stream(0, { headers: request("/chat", mixed) });
      expect(observe(stream).marks, name).toEqual({});
      expect(stream.request.get("x-before")).toBe("1");
      expect(stream.request.get("x-after")).toBe("2");
      stream.end();
    }
    settle(proxy);
    expect(counter(proxy, "ganglion_stripped_headers_total")).toBe(NAMES.length * copies);
    expect(traps(proxy)).toEqual([]);
  });

  it("is removed in any case of letters, as the proxy lower-cases names", () => {
    const proxy = filterProxy(single);
    const sent: Header[] = [
      ["X-Ganglion-Arm", "evil"],
      ["x-GANGLION-score", "1"],
    ];
    expect(exchange(proxy, request("/chat", sent)).marks).toEqual({});
  });

  it("is removed on a route that does not match, in shadow mode, and without configuration", () => {
    const sent = request("/elsewhere", [["x-ganglion-arm", "evil"]]);
    const elsewhere = configOf([{ name: "chat", match: { path_prefix: "/chat" } }]);
    expect(exchange(filterProxy(elsewhere), sent).marks).toEqual({});
    const shadow = configOf([{ name: "all", arms: [{ name: "a" }] }], { mode: "shadow" });
    expect(exchange(filterProxy(shadow), sent).marks).toEqual({});
    const refused = bareProxy();
    refused.configure("not a configuration");
    expect(exchange(refused, sent).marks).toEqual({});
  });

  it("is removed behind any number of other names of ours", () => {
    const proxy = filterProxy(single);
    for (const others of [1, 63, 64, 65, 90, 150, 250]) {
      const sent = Array.from({ length: others }, (_, i): Header => [`x-ganglion-n${i}`, "1"]);
      const headers = request("/chat", [...sent, ["x-ganglion-arm", "evil"]]);
      expect(exchange(proxy, headers).marks["x-ganglion-arm"], `${others}`).toBeUndefined();
    }
  });

  it("is removed behind any number of other headers", () => {
    const proxy = filterProxy(single);
    for (const others of [100, 250, 251, 252, 253, 300, 900]) {
      const sent = Array.from({ length: others }, (_, i): Header => [`x-n${i}`, "1"]);
      const headers = request("/chat", [...sent, ["x-ganglion-arm", "evil"]]);
      expect(exchange(proxy, headers).marks["x-ganglion-arm"], `${others}`).toBeUndefined();
    }
  });

  it("is removed from a request too large for the filter to read", () => {
    const proxy = filterProxy(single);
    const sent: Header[] = [
      ["x-big", "x".repeat(200_000)],
      ["x-ganglion-arm", "evil"],
    ];
    expect(exchange(proxy, request("/chat", sent)).marks["x-ganglion-arm"]).toBeUndefined();
    settle(proxy);
    expect(counter(proxy, "ganglion_errors_total", { cause: "headers_unreadable" })).toBe(1);
    expect(traps(proxy)).toEqual([]);
  });

  it("does not stand in the way of what the filter itself writes", () => {
    const arms = [{ name: "a", default: true, weight: 0 }, { name: "b" }];
    const proxy = filterProxy(configOf([{ name: "chat", arms }]));
    const sent: Header[] = [
      ["x-ganglion-arm", "evil"],
      ["x-ganglion-arm", "worse"],
    ];
    expect(exchange(proxy, request("/chat", sent)).marks).toEqual({ "x-ganglion-arm": "b" });
  });

  it("does not take neighbours with it", () => {
    const proxy = filterProxy(single);
    const sent: Header[] = [
      ["x-ganglio", "1"],
      ["x-ganglion", "2"],
      ["xx-ganglion-arm", "3"],
    ];
    const stream = proxy.stream(0, { headers: request("/chat", sent) });
    for (const [name, value] of sent) expect(stream.request.get(name)).toBe(value);
    stream.end();
  });
});
