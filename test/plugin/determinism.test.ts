// The same seed gives the same run, to the last statistic: without that no failing case could be
// shown to anybody.

import { describe, expect, it } from "vitest";
import { configOf, defaultModel, filterProxy, request } from "../support/filter-proxy";
import { playTraffic } from "../support/filter-traffic";

const arms = [{ name: "a", default: true }, { name: "b" }, { name: "c" }];
const limits = [{ name: "t", key_header: "x-t", requests_per_second: 30, burst: 5 }];
const CONFIG = configOf([{ name: "chat", arms, limits }], {
  model: defaultModel(),
  exploration_permille: 50,
  expose: "always",
});

function run(seed: number) {
  const proxy = filterProxy(CONFIG, { seed, workers: 2, mainThread: true });
  const exchanges = playTraffic(proxy, {
    seed: 7,
    ratePerSecond: 150,
    seconds: 20,
    latencyMs: (arm, atMs, prng) => (arm === "b" && atMs > 8000 ? 400 : 20) + prng.exponential(20),
    status: (arm, atMs) => (arm === "c" && atMs > 15_000 ? 500 : 200),
    headers: (i) => request("/chat", [["x-t", `t${i % 5}`]]),
  });
  return { exchanges, metrics: proxy.metrics.snapshot(), logs: proxy.logs.messages() };
}

describe("two runs", () => {
  it("of one seed are the same in every statistic, choice and line", () => {
    expect(run(3)).toEqual(run(3));
  });

  it("of two seeds differ in their choices", () => {
    expect(run(3).exchanges).not.toEqual(run(4).exchanges);
  });
});
