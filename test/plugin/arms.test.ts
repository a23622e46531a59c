// Which arm a request goes to, seen from the headers that reach the router.

import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../../host-tools/src/config/plugin-config";
import {
  configOf,
  counter,
  exchange,
  filterProxy,
  gauge,
  request,
  settle,
} from "../support/filter-proxy";
import { SECOND } from "../support/filter-proxy";
import { playTraffic, shareOf } from "../support/filter-traffic";

const ARMS: RouteConfig = {
  name: "chat",
  match: { path_prefix: "/chat" },
  arms: [{ name: "a", default: true }, { name: "b" }, { name: "c" }],
  ejection: { error_permille: 500, requests_min: 5, duration_ms: 10_000 },
};
const config = (rest: Partial<RouteConfig> = {}) => configOf([{ ...ARMS, ...rest }]);
const SEEDS = [1, 2, 3, 4, 5];

describe("the routing header", () => {
  it("names the arm, and is absent for the default arm", () => {
    const proxy = filterProxy(config());
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) seen.add(exchange(proxy).arm);
    expect([...seen].sort()).toEqual(["", "b", "c"]);
  });

  it("is absent on a route with a single arm, and without arms", () => {
    const single = filterProxy(config({ arms: [{ name: "only" }] }));
    const none = filterProxy(configOf([{ name: "plain" }]));
    for (let i = 0; i < 20; i++) {
      expect(exchange(single).marks).toEqual({});
      expect(exchange(none).marks).toEqual({});
    }
  });

  it("is counted for every arm that was chosen", () => {
    const proxy = filterProxy(config());
    const sent = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 200; i++) sent[(exchange(proxy).arm || "a") as "a"]++;
    settle(proxy);
    for (const arm of ["a", "b", "c"] as const) {
      const labels = { route: "chat", arm };
      expect(counter(proxy, "ganglion_arm_requests_total", labels)).toBe(sent[arm]);
    }
    expect(counter(proxy, "ganglion_requests_total", { route: "chat" })).toBe(200);
  });
});

describe("weights", () => {
  it("never send to a standby arm while another is healthy", () => {
    const arms = [
      { name: "a", default: true },
      { name: "spare", weight: 0 },
    ];
    const proxy = filterProxy(configOf([{ ...ARMS, arms }], { exploration_permille: 100 }));
    for (let i = 0; i < 500; i++) expect(exchange(proxy).arm).toBe("");
  });

  it.each(SEEDS)("shift load towards the heavier arm, seed %i", (seed) => {
    const arms = [
      { name: "a", default: true, weight: 300 },
      { name: "b", weight: 100 },
    ];
    const proxy = filterProxy(configOf([{ ...ARMS, arms }]), { seed });
    const traffic = { seed, ratePerSecond: 400, seconds: 10, latencyMs: () => 50 };
    const share = shareOf(playTraffic(proxy, traffic), "b");
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.4);
  });
});

describe("ejection", () => {
  /** Fails every request to arms of the list. */
  function failing(proxy: ReturnType<typeof filterProxy>, arms: readonly string[], count: number) {
    const chosen: string[] = [];
    for (let i = 0; i < count; i++) {
      const stream = proxy.stream(0, { headers: request() });
      const arm = stream.request.get("x-ganglion-arm") ?? "a";
      chosen.push(arm);
      proxy.advance(2_000_000);
      const status = arms.includes(arm) ? "503" : "200";
      stream.pushResponseHeaders([[":status", status]], true);
      stream.end();
    }
    return chosen;
  }

  it("takes a failing arm out, says so in metrics, and lets it back", () => {
    const arms = [{ name: "a", default: true, weight: 0 }, { name: "b" }];
    const proxy = filterProxy(config({ arms }));
    const labels = { route: "chat", arm: "b" };
    expect(failing(proxy, ["b"], 10).filter((arm) => arm === "b").length).toBeGreaterThan(5);
    expect(failing(proxy, ["b"], 200).slice(-100)).not.toContain("b");
    exchange(proxy);
    settle(proxy);
    expect(counter(proxy, "ganglion_arm_failures_total", labels)).toBeGreaterThanOrEqual(5);
    proxy.advance(12 * SECOND);
    expect(failing(proxy, [], 20)).toContain("b");
    settle(proxy);
    expect(gauge(proxy, "ganglion_arm_ejected", { ...labels, worker: 0 })).toBe(0);
  });

  it("shows as a gauge while it lasts", () => {
    const arms = [{ name: "a", default: true, weight: 0 }, { name: "b" }];
    const proxy = filterProxy(config({ arms }));
    failing(proxy, [], 3);
    failing(proxy, ["b"], 100);
    settle(proxy);
    const labels = { route: "chat", arm: "b", worker: 0 };
    expect(gauge(proxy, "ganglion_arm_ejected", labels)).toBe(1);
    proxy.advance(12 * SECOND);
    expect(gauge(proxy, "ganglion_arm_ejected", labels)).toBe(0);
  });

  it("shows as a gauge also on an arm that never answered well", () => {
    const arms = [{ name: "a", default: true, weight: 0 }, { name: "b" }];
    const proxy = filterProxy(config({ arms }));
    failing(proxy, ["b"], 100);
    settle(proxy);
    expect(gauge(proxy, "ganglion_arm_ejected", { route: "chat", arm: "b", worker: 0 })).toBe(1);
  });

  it("follows the fallback order when every arm with weight is out", () => {
    const arms = [
      { name: "a", default: true },
      { name: "b" },
      { name: "second", weight: 0 },
      { name: "first", weight: 0 },
    ];
    const fallback = ["first", "second", "a", "b"];
    const proxy = filterProxy(config({ arms, fallback }));
    const late = failing(proxy, ["a", "b"], 400).slice(-50);
    expect(new Set(late)).toEqual(new Set(["first"]));
    const later = failing(proxy, ["a", "b", "first"], 100).slice(-20);
    expect(new Set(later)).toEqual(new Set(["second"]));
  });

  it("sends to the default arm when all are out", () => {
    const proxy = filterProxy(config());
    const late = failing(proxy, ["a", "b", "c"], 300).slice(-50);
    expect(new Set(late)).toEqual(new Set(["a"]));
  });

  it("never happens where the error limit is 0", () => {
    const proxy = filterProxy(config({ ejection: { error_permille: 0 } }));
    const chosen = new Set(failing(proxy, ["a", "b", "c"], 300).slice(-100));
    expect(chosen.size).toBe(3);
  });

  it("does not take a client's 4xx for a failure of the arm", () => {
    const proxy = filterProxy(config());
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) seen.add(exchange(proxy, request(), { status: 404 }).arm);
    settle(proxy);
    expect(seen.size).toBe(3);
    for (const arm of ["a", "b", "c"]) {
      expect(counter(proxy, "ganglion_arm_failures_total", { route: "chat", arm })).toBe(0);
    }
  });
});

describe("latency", () => {
  it.each(SEEDS)("takes the share from an arm that turns 10 times slower, seed %i", (seed) => {
    const proxy = filterProxy(configOf([ARMS], { exploration_permille: 10 }), { seed });
    const slow = (atMs: number) => atMs >= 10_000 && atMs < 20_000;
    const exchanges = playTraffic(proxy, {
      seed,
      ratePerSecond: 200,
      seconds: 35,
      latencyMs: (arm, atMs, prng) =>
        (arm === "b" && slow(atMs) ? 10 : 1) * (40 + prng.exponential(10)),
    });
    const between = (from: number, to: number) =>
      shareOf(
        exchanges.filter((e) => e.atMs >= from && e.atMs < to),
        "b",
      );
    expect(between(2_000, 10_000)).toBeGreaterThan(0.2);
    expect(between(12_000, 20_000)).toBeLessThanOrEqual(0.05);
    expect(between(30_000, 35_000)).toBeGreaterThan(0.2);
  });

  it.each(SEEDS)("takes a fast failure for no fast arm, seed %i", (seed) => {
    const never = { ejection: { error_permille: 0 } };
    const proxy = filterProxy(configOf([{ ...ARMS, ...never }]), { seed });
    const exchanges = playTraffic(proxy, {
      seed,
      ratePerSecond: 200,
      seconds: 10,
      latencyMs: (arm) => (arm === "b" ? 1 : 50),
      status: (arm) => (arm === "b" ? 503 : 200),
    });
    expect(shareOf(exchanges.slice(-1000), "b")).toBeLessThanOrEqual(0.1);
  });
});

describe("exploration", () => {
  it.each(SEEDS)("stays under its bound on a slow arm, seed %i", (seed) => {
    const arms = [{ name: "a", default: true }, { name: "b" }];
    const bound = configOf([{ ...ARMS, arms }], { exploration_permille: 50 });
    const exchanges = playTraffic(filterProxy(bound, { seed }), {
      seed,
      ratePerSecond: 100,
      seconds: 60,
      latencyMs: (arm) => (arm === "b" ? 400 : 10),
    });
    const late = exchanges.filter((e) => e.atMs > 5_000);
    expect(shareOf(late, "b")).toBeLessThanOrEqual(0.05);
    expect(shareOf(late, "b")).toBeGreaterThan(0);
  });

  it.each(SEEDS)("is off at 0, seed %i", (seed) => {
    const arms = [{ name: "a", default: true }, { name: "b" }];
    const exchanges = playTraffic(filterProxy(configOf([{ ...ARMS, arms }]), { seed }), {
      seed,
      ratePerSecond: 100,
      seconds: 20,
      latencyMs: (arm) => (arm === "b" ? 1000 : 10),
    });
    const late = exchanges.filter((e) => e.atMs > 5_000 && e.atMs < 10_000);
    expect(shareOf(late, "b")).toBe(0);
  });
});
