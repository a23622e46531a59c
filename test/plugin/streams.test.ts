// Requests from their headers to their end: what counts as an outcome, what does not, and a full
// table.

import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../../host-tools/src/config/plugin-config";
import { STREAMS_MAX } from "../../host-tools/src/contract";
import { configOf, counter, exchange, filterProxy, gauge, request } from "../support/filter-proxy";
import { MS, SECOND, settle, traps } from "../support/filter-proxy";

const ROUTE: RouteConfig = { name: "chat", arms: [{ name: "a" }] };
const ARM = { route: "chat", arm: "a" };
const WORKER = { ...ARM, worker: 0 };

describe("a client that goes away before the answer", () => {
  it("is neither success nor failure of the arm", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    exchange(proxy);
    for (let i = 0; i < 30; i++) {
      const stream = proxy.stream(0, { headers: request() });
      proxy.advance(50 * MS);
      stream.reset();
    }
    settle(proxy);
    expect(counter(proxy, "ganglion_arm_ignored_total", ARM)).toBe(30);
    expect(counter(proxy, "ganglion_arm_failures_total", ARM)).toBe(0);
    expect(gauge(proxy, "ganglion_arm_error_permille", WORKER)).toBe(0);
    expect(gauge(proxy, "ganglion_arm_in_flight", WORKER)).toBe(0);
    // Quantiles are of finished requests only.
    expect(gauge(proxy, "ganglion_arm_p99_microseconds", WORKER)).toBeLessThan(6_000);
  });

  it("raises the latency estimate, which was at least that", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    for (let i = 0; i < 20; i++) exchange(proxy);
    settle(proxy);
    const before = gauge(proxy, "ganglion_arm_latency_microseconds", WORKER);
    const stream = proxy.stream(0, { headers: request() });
    proxy.advance(2 * SECOND);
    stream.reset();
    settle(proxy);
    const after = gauge(proxy, "ganglion_arm_latency_microseconds", WORKER);
    expect(after).toBeGreaterThan(5 * before);
  });

  it("in the middle of a response counts by the response's status", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    const stream = proxy.stream(0, { headers: request() });
    stream.pushResponseHeaders([[":status", "200"]]);
    proxy.advance(10 * MS);
    stream.reset();
    settle(proxy);
    expect(counter(proxy, "ganglion_arm_ignored_total", ARM)).toBe(0);
    expect(gauge(proxy, "ganglion_arm_in_flight", WORKER)).toBe(0);
  });
});

describe("latency", () => {
  it("is measured to the last byte, time to first byte to the headers", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    for (let i = 0; i < 20; i++) {
      const stream = proxy.stream(0, { headers: request() });
      proxy.advance(20 * MS);
      stream.pushResponseHeaders([[":status", "200"]]);
      proxy.advance(180 * MS);
      stream.pushResponseBody("done", true);
      stream.end();
    }
    settle(proxy);
    const route = { route: "chat", worker: 0 };
    const ttfb = gauge(proxy, "ganglion_route_ttfb_microseconds", route);
    const total = gauge(proxy, "ganglion_route_p50_microseconds", route);
    expect(ttfb).toBeGreaterThan(19_900);
    expect(ttfb).toBeLessThan(20_100);
    expect(total / 200_000).toBeGreaterThan(31 / 32);
    expect(total / 200_000).toBeLessThan(33 / 32);
  });

  it("of a request longer than any decay's clamp is its real length", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    const stream = proxy.stream(0, { headers: request() });
    proxy.advance(100 * SECOND);
    stream.pushResponseHeaders([[":status", "200"]], true);
    stream.end();
    settle(proxy);
    const p50 = gauge(proxy, "ganglion_arm_p50_microseconds", WORKER);
    expect(p50 / 100e6).toBeGreaterThan(31 / 32);
    expect(p50 / 100e6).toBeLessThan(33 / 32);
  });
});

describe("the wall clock", () => {
  it("does not matter", () => {
    const run = (startTimeNs: bigint) => {
      const proxy = filterProxy(configOf([ROUTE]), { startTimeNs });
      for (let i = 0; i < 100; i++) exchange(proxy);
      settle(proxy);
      return proxy.metrics.snapshot();
    };
    expect(run(0n)).toEqual(run(4_000_000_000_000_000_000n));
  });
});

describe("a machine", () => {
  it.each([1, 1_000, 40 * 86_400 * SECOND])("up for %i ns serves as well", (monotonicStartNs) => {
    const limits = [{ name: "all", requests_per_second: 1, burst: 3 }];
    const proxy = filterProxy(configOf([{ ...ROUTE, limits }]), { monotonicStartNs });
    const ask = () => exchange(proxy, request(), { afterMs: 0 }).status;
    expect([ask(), ask(), ask(), ask()]).toEqual([200, 200, 200, 429]);
    proxy.advance(SECOND);
    expect([ask(), ask()]).toEqual([200, 429]);
  });
});

describe("a long pause", () => {
  it("of a day leaves estimates finite and limits full", () => {
    const limits = [{ name: "all", requests_per_second: 1, burst: 3 }];
    const proxy = filterProxy(configOf([{ ...ROUTE, limits }]));
    for (let i = 0; i < 5; i++) exchange(proxy);
    proxy.advance(86_400 * SECOND);
    const ask = () => exchange(proxy, request(), { afterMs: 0 }).status;
    expect([ask(), ask(), ask(), ask()]).toEqual([200, 200, 200, 429]);
    settle(proxy);
    expect(gauge(proxy, "ganglion_arm_latency_microseconds", WORKER)).toBeLessThan(10_000);
  });
});

describe("ten thousand requests in flight", () => {
  it("all pass; those without a place are counted and not measured", () => {
    const proxy = filterProxy(configOf([ROUTE]));
    const open = Array.from({ length: 10_000 }, () => proxy.stream(0, { headers: request() }));
    expect(open.filter((stream) => stream.reply !== null)).toEqual([]);
    settle(proxy);
    const full = counter(proxy, "ganglion_errors_total", { cause: "stream_table_full" });
    expect(full).toBeGreaterThanOrEqual(10_000 - STREAMS_MAX);
    expect(full).toBeLessThanOrEqual(10_000 - 0.9 * STREAMS_MAX);
    for (const stream of open) {
      stream.pushResponseHeaders([[":status", "200"]], true);
      stream.end();
    }
    settle(proxy);
    expect(gauge(proxy, "ganglion_arm_in_flight", WORKER)).toBe(0);
    exchange(proxy);
    settle(proxy);
    expect(counter(proxy, "ganglion_errors_total", { cause: "stream_table_full" })).toBe(full);
    expect(proxy.logs.messages().filter((line) => line.includes("stream_table_full")).length).toBe(
      6,
    );
    expect(traps(proxy)).toEqual([]);
  });
});

describe("an upstream's strange status", () => {
  it.each(["", "abc", "99", "1000", "000", "199"])("%j passes", (status) => {
    const proxy = filterProxy(configOf([ROUTE]));
    const stream = proxy.stream(0, { headers: request() });
    stream.pushResponseHeaders([[":status", status]], true);
    stream.end();
    expect(exchange(proxy).status).toBe(200);
    expect(traps(proxy)).toEqual([]);
  });
});
