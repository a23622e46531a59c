// Rate limits of the whole proxy: exact over workers that race, fair between tenants, never fooled
// about who asks, and polite in what they answer.

import { describe, expect, it } from "vitest";
import type { LimitConfig, RouteConfig } from "../../host-tools/src/config/plugin-config";
import type { Header } from "../../host-tools/src/embedded";
import {
  bareProxy,
  configOf,
  counter,
  exchange,
  filterProxy,
  observe,
} from "../support/filter-proxy";
import { MS, SECOND, request, settle, traps } from "../support/filter-proxy";
import { excess, playFlood, type Flood } from "../support/filter-limits";

const limited = (...limits: LimitConfig[]): RouteConfig => ({ name: "chat", limits });
const simple = (rate: number, burst: number, rest: Partial<LimitConfig> = {}): LimitConfig => ({
  name: "all",
  requests_per_second: rate,
  burst,
  ...rest,
});
const tenant = (value: string): Header[] => request("/chat", [["x-tenant", value]]);

describe("a limit", () => {
  it("admits its burst, then refuses", () => {
    const proxy = filterProxy(configOf([limited(simple(1, 5))]));
    const seen = Array.from({ length: 8 }, () => exchange(proxy, request(), { afterMs: 0 }).status);
    expect(seen).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  it("answers 429 with the seconds to wait and its mark", () => {
    const proxy = filterProxy(configOf([limited(simple(0.25, 1))]));
    exchange(proxy, request(), { afterMs: 0 });
    const refused = exchange(proxy);
    expect(refused.response).toMatchObject({
      ":status": "429",
      "retry-after": "4",
      "x-local-rate-limit": "true",
      "x-ganglion-reason": "rate_limit",
    });
    proxy.advance(2500 * MS);
    expect(exchange(proxy).response["retry-after"]).toBe("2");
    proxy.advance(1500 * MS);
    expect(exchange(proxy).status).toBe(200);
  });

  it("tells nobody to wait longer than for one token, whichever worker's clock is behind", () => {
    let behind = false;
    const cutIn = (name: string): undefined => {
      if (!behind || !name.endsWith("_shared_data")) return;
      behind = false;
      // Worker 0 has read the clock and not yet the bucket, which worker 1 empties a moment later.
      proxy.process.clock.elapsedNs += 1000;
      const stream = proxy.stream(1, { headers: request() });
      expect(stream.reply).toBeNull();
      stream.end();
    };
    const proxy = bareProxy({ workers: 2, onHostCall: cutIn });
    proxy.configure(JSON.stringify(configOf([limited(simple(0.01, 1))])));
    behind = true;
    const refused = proxy.stream(0, { headers: request() });
    expect(behind).toBe(false);
    expect(observe(refused).response["retry-after"]).toBe("100");
    refused.end();
  });

  it("counts what it admitted and what it refused", () => {
    const proxy = filterProxy(configOf([limited(simple(1, 5))]));
    for (let i = 0; i < 12; i++) exchange(proxy, request(), { afterMs: 0 });
    settle(proxy);
    const labels = { route: "chat", limit: "all" };
    expect(counter(proxy, "ganglion_limit_admitted_total", labels)).toBe(5);
    expect(counter(proxy, "ganglion_limited_total", labels)).toBe(7);
    const verdict = { route: "chat", verdict: "throttle", enforced: "true" };
    expect(counter(proxy, "ganglion_verdicts_total", verdict)).toBe(7);
  });

  it("is not touched by the response, a local answer is no outcome", () => {
    const arms = [{ name: "a", default: true }, { name: "b" }];
    const proxy = filterProxy(configOf([{ ...limited(simple(1, 1)), arms }]));
    for (let i = 0; i < 50; i++) exchange(proxy, request(), { afterMs: 0 });
    settle(proxy);
    const failures = ["a", "b"].map((arm) =>
      counter(proxy, "ganglion_arm_failures_total", { route: "chat", arm }),
    );
    expect(failures).toEqual([0, 0]);
  });
});

describe("the law admitted <= burst + rate * t", () => {
  const cases = [1, 2, 4, 8].flatMap((workers) => [1, 2, 3].map((seed) => ({ workers, seed })));

  it.each(cases)("holds for $workers racing workers, seed $seed", ({ workers, seed }) => {
    const [rate, burst] = [
      [10, 5],
      [100, 20],
      [1000, 100],
    ][seed - 1] as [number, number];
    const flood = { seed, workers, offeredPerSecond: 5 * rate, seconds: 10, interleave: 0.3 };
    const result = playFlood(configOf([limited(simple(rate, burst))]), flood);
    const times = result.admittedAtNs.get("")!;
    if (workers > 1) expect(result.cuts).toBeGreaterThan(20);
    expect(excess(times, rate, burst)).toBeLessThanOrEqual(0);
    expect(times.length).toBeGreaterThanOrEqual(0.99 * (burst + rate * 9.9));
    expect(traps(result.proxy)).toEqual([]);
  });

  it.each(cases)("holds per tenant for $workers racing workers, seed $seed", (the) => {
    const names = ["gold", "silver", "bronze"];
    const limit = simple(50, 10, { key_header: "x-tenant" });
    const flood: Flood = {
      ...the,
      offeredPerSecond: 750,
      seconds: 6,
      interleave: 0.3,
      key: (prng) => names[prng.below(3)]!,
      headersOf: tenant,
    };
    const result = playFlood(configOf([limited(limit)]), flood);
    for (const name of names) {
      const times = result.admittedAtNs.get(name)!;
      expect(excess(times, 50, 10), name).toBeLessThanOrEqual(0);
      expect(times.length, name).toBeGreaterThanOrEqual(0.97 * (10 + 50 * 5.9));
    }
  });

  it("holds over bursts and pauses, while leases come and go", () => {
    for (let seed = 1; seed <= 6; seed++) {
      const flood: Flood = {
        seed,
        workers: 4,
        offeredPerSecond: 400,
        seconds: 12,
        interleave: 0.3,
        // Bursts of 60 ms in every 500: long enough a pause for leases to expire and go back.
        offered: (atMs) => atMs % 500 < 60,
      };
      const result = playFlood(configOf([limited(simple(200, 10))]), flood);
      const times = result.admittedAtNs.get("")!;
      expect(excess(times, 200, 10), `seed ${seed}`).toBeLessThanOrEqual(0);
      // In any window there is at most one full bucket more, and what the workers had in hand.
      const inHand = 4;
      for (let from = 0; from < times.length; from += 7) {
        const window = times.slice(from).map((at) => at - times[from]!);
        expect(excess(window, 200, 10 + inHand), `seed ${seed}`).toBeLessThanOrEqual(0);
      }
    }
  });

  it("holds from the first requests on, when all workers make the bucket at once", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const flood = { seed, workers: 4, offeredPerSecond: 2000, seconds: 0.1, interleave: 0.7 };
      const result = playFlood(configOf([limited(simple(1, 20))]), flood);
      const times = result.admittedAtNs.get("")!;
      expect(excess(times, 1, 20), `seed ${seed}`).toBeLessThanOrEqual(0);
      expect(times.length, `seed ${seed}`).toBe(20);
    }
  });
});

describe("who asks", () => {
  const keyed = simple(1, 2, {
    key_header: "x-tenant",
    values: [{ value: "gold", requests_per_second: 1, burst: 6 }],
  });
  const admittedOf = (headers: Header[], count = 10) => {
    const proxy = filterProxy(configOf([limited(keyed)]));
    let admitted = 0;
    for (let i = 0; i < count; i++) {
      if (exchange(proxy, headers, { afterMs: 0 }).status === 200) admitted++;
    }
    return { proxy, admitted };
  };

  it("gets the rate of a listed value, byte by byte", () => {
    expect(admittedOf(tenant("gold")).admitted).toBe(6);
    expect(admittedOf(tenant("Gold")).admitted).toBe(2);
    expect(admittedOf(tenant("gold ")).admitted).toBe(2);
    expect(admittedOf(tenant("goldx")).admitted).toBe(2);
  });

  it("has a bucket per value", () => {
    const proxy = filterProxy(configOf([limited(keyed)]));
    const statuses = ["a", "a", "a", "b", "b", "b"].map(
      (name) => exchange(proxy, tenant(name), { afterMs: 0 }).status,
    );
    expect(statuses).toEqual([200, 200, 429, 200, 200, 429]);
  });

  it("is nobody when the header stands there twice, is missing, empty or too long", () => {
    const proxy = filterProxy(configOf([limited(keyed)]));
    const anonymous: Header[][] = [
      request(),
      tenant(""),
      tenant("x".repeat(257)),
      request("/chat", [
        ["x-tenant", "gold"],
        ["x-tenant", "gold"],
      ]),
      request("/chat", [
        ["x-tenant", "gold"],
        ["x-other", "1"],
        ["x-tenant", "free"],
      ]),
    ];
    const statuses = anonymous.map((headers) => exchange(proxy, headers, { afterMs: 0 }).status);
    expect(statuses).toEqual([200, 200, 429, 429, 429]);
    settle(proxy);
    const cause = { cause: "duplicate_key_header" };
    expect(counter(proxy, "ganglion_errors_total", cause)).toBe(2);
  });

  it("is told apart up to the longest value that is looked at", () => {
    const proxy = filterProxy(configOf([limited(keyed)]));
    const long = "x".repeat(255);
    const statuses = ["1", "1", "1", "2"].map(
      (end) => exchange(proxy, tenant(long + end), { afterMs: 0 }).status,
    );
    expect(statuses).toEqual([200, 200, 429, 200]);
  });

  it("does not matter to a limit of another route", () => {
    const routes = [
      { name: "a", match: { path_prefix: "/a" }, limits: [keyed] },
      { name: "b", match: { path_prefix: "/b" }, limits: [keyed] },
    ];
    const proxy = filterProxy(configOf(routes));
    const ask = (path: string) => exchange(proxy, request(path), { afterMs: 0 }).status;
    expect(["/a", "/a", "/a", "/b", "/b", "/b"].map(ask)).toEqual([200, 200, 429, 200, 200, 429]);
  });
});

describe("a million distinct tenants", () => {
  it("change neither the memory, nor the statistics, nor a known tenant's limit", () => {
    const limit = simple(100, 20, { key_header: "x-tenant" });
    const proxy = filterProxy(configOf([limited(limit)]), { workers: 2 });
    const memoryBytes = () => proxy.workers.map((w) => w.vm!.memory.u8.length);
    exchange(proxy, tenant("known"));
    settle(proxy);
    const before = memoryBytes();
    let admitted = 0;
    const startNs = proxy.process.clock.elapsedNs;
    const ROUNDS = 2_000;
    for (let round = 0; round < ROUNDS; round++) {
      proxy.advance(2 * MS);
      for (let i = 0; i < 500; i++) {
        exchange(proxy, tenant(`flood-${round * 500 + i}`), { afterMs: 0, worker: i % 2 });
      }
      const known = exchange(proxy, tenant("known"), { afterMs: 0, worker: round % 2 });
      if (known.status === 200) admitted++;
    }
    settle(proxy);
    const seconds = (proxy.process.clock.elapsedNs - startNs) / SECOND;
    expect(memoryBytes()).toEqual(before);
    expect(traps(proxy)).toEqual([]);
    const due = 20 + 100 * (ROUNDS * 0.002);
    expect(seconds).toBeGreaterThan(3.9);
    expect(admitted).toBeLessThanOrEqual(due * 1.02);
    expect(admitted).toBeGreaterThanOrEqual(due * 0.98);
    const names = Object.keys(proxy.metrics.snapshot());
    expect(names.filter((name) => name.includes("flood"))).toEqual([]);
    expect(names.length).toBeLessThan(40);
    expect(proxy.sharedData.keys().length).toBeLessThan(8192 + 256 + 70);
  });
});

describe("several limits", () => {
  it("must all admit; a refused request gives its tokens back", () => {
    const wide = simple(0.001, 100, { name: "wide" });
    const narrow = simple(1000, 1, { name: "narrow" });
    const proxy = filterProxy(configOf([limited(wide, narrow)]));
    let admitted = 0;
    for (let i = 0; i < 300; i++) {
      if (exchange(proxy, request(), { afterMs: 0 }).status === 200) admitted++;
      if (i % 3 === 2) proxy.advance(2 * MS);
    }
    // Only the admitted third spent the wide limit's tokens.
    expect(admitted).toBe(100);
  });

  it("count for themselves which one refused", () => {
    const proxy = filterProxy(
      configOf([limited(simple(1, 9, { name: "wide" }), simple(1, 2, { name: "narrow" }))]),
    );
    for (let i = 0; i < 5; i++) exchange(proxy, request(), { afterMs: 0 });
    settle(proxy);
    const refusals = ["wide", "narrow"].map((limit) =>
      counter(proxy, "ganglion_limited_total", { route: "chat", limit }),
    );
    expect(refusals).toEqual([0, 3]);
  });
});

describe("a flood of keys of one limit", () => {
  it("never pays into the leases of another", () => {
    const wide = { name: "wide", key_header: "x-a", requests_per_second: 10_000, burst: 1000 };
    const narrow = { name: "narrow", key_header: "x-b", requests_per_second: 0.001, burst: 1 };
    const proxy = filterProxy(configOf([limited(wide, narrow)]));
    const admitted = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const name = `b${i % 300}`;
      const keys: Header[] = [
        ["x-a", `a${i % 9000}`],
        ["x-b", name],
      ];
      if (exchange(proxy, request("/chat", keys), { afterMs: 0 }).status !== 200) continue;
      admitted.set(name, (admitted.get(name) ?? 0) + 1);
    }
    expect(admitted.size).toBe(300);
    expect([...admitted.values()].filter((count) => count > 1)).toEqual([]);
  });
});

describe("a limit in shadow mode", () => {
  it("counts and refuses nothing", () => {
    const proxy = filterProxy(configOf([limited(simple(1, 2, { mode: "shadow" }))]));
    for (let i = 0; i < 10; i++) {
      expect(exchange(proxy, request(), { afterMs: 0 }).status).toBe(200);
    }
    settle(proxy);
    const labels = { route: "chat", limit: "all" };
    expect(counter(proxy, "ganglion_limited_total", labels)).toBe(8);
    const verdict = { route: "chat", verdict: "throttle", enforced: "false" };
    expect(counter(proxy, "ganglion_verdicts_total", verdict)).toBe(8);
  });

  it("enforces on a route in shadow mode when it says so itself", () => {
    const route = { ...limited(simple(1, 2, { mode: "enforce" })), mode: "shadow" as const };
    const proxy = filterProxy(configOf([route]));
    const statuses = [1, 2, 3].map(() => exchange(proxy, request(), { afterMs: 0 }).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe("a new configuration", () => {
  it("keeps what was spent", () => {
    const proxy = filterProxy(configOf([limited(simple(0.01, 5))]));
    for (let i = 0; i < 5; i++) exchange(proxy, request(), { afterMs: 0 });
    proxy.configure(JSON.stringify(configOf([limited(simple(0.01, 5))], { epoch: 2 })));
    expect(exchange(proxy).status).toBe(429);
  });

  it("lifts the wait of a limit that it raises", () => {
    const proxy = filterProxy(configOf([limited(simple(0.001, 1))]));
    for (let i = 0; i < 3; i++) exchange(proxy, request(), { afterMs: 0 });
    proxy.configure(JSON.stringify(configOf([limited(simple(100, 10))], { epoch: 2 })));
    proxy.advance(SECOND);
    expect(exchange(proxy).status).toBe(200);
  });

  it("shortens the wait of a limit that it lowers to today's capacity", () => {
    const proxy = filterProxy(configOf([limited(simple(1, 1000))]));
    for (let i = 0; i < 1000; i++) exchange(proxy, request(), { afterMs: 0 });
    proxy.configure(JSON.stringify(configOf([limited(simple(10, 2))], { epoch: 2 })));
    proxy.advance(SECOND);
    expect(exchange(proxy).status).toBe(200);
  });
});
