// What a score does: the acts of an anomaly, how much of it is shown upstream, and that shadow mode
// computes and counts everything and carries nothing out.

import { describe, expect, it } from "vitest";
import type { AnomalyConfig, PluginConfig } from "../../host-tools/src/config/plugin-config";
import {
  configOf,
  counter,
  defaultModel,
  exchange,
  filterProxy,
  gauge,
} from "../support/filter-proxy";
import { request, settle } from "../support/filter-proxy";

const model = defaultModel();
const ARMS = [{ name: "a", default: true }, { name: "b" }];

/** A configuration under which every scored request is an anomaly. */
function alarmed(anomaly: AnomalyConfig, rest: Partial<PluginConfig> = {}): PluginConfig {
  const route = {
    name: "chat",
    arms: ARMS,
    anomaly: { threshold_permille: 1, sequence: "act", ...anomaly },
  } as const;
  return configOf([route], { model, ...rest });
}

/** More requests than the scorer watches before it has an opinion. */
function warm(proxy: ReturnType<typeof filterProxy>): void {
  for (let i = 0; i < 130; i++) exchange(proxy);
}

describe("an anomaly", () => {
  it("is counted and otherwise left alone under observe", () => {
    const proxy = filterProxy(alarmed({ act: "observe" }));
    warm(proxy);
    const seen = exchange(proxy);
    expect(seen.status).toBe(200);
    expect(Object.keys(seen.marks).filter((name) => name !== "x-ganglion-arm")).toEqual([]);
    settle(proxy);
    expect(counter(proxy, "ganglion_anomalies_total", { route: "chat" })).toBeGreaterThan(50);
  });

  it("is marked with score, verdict, reason and model under tag", () => {
    const proxy = filterProxy(alarmed({ act: "tag" }));
    warm(proxy);
    const { status, marks } = exchange(proxy);
    expect(status).toBe(200);
    expect(marks["x-ganglion-verdict"]).toBe("tag");
    expect(marks["x-ganglion-reason"]).toBe("anomaly");
    expect(Number(marks["x-ganglion-score"])).toBeGreaterThanOrEqual(1);
    expect(Number(marks["x-ganglion-score"])).toBeLessThanOrEqual(1000);
    expect(marks["x-ganglion-model"]).toMatch(/^\d+$/);
    settle(proxy);
    const worker = gauge(proxy, "ganglion_model_version", { worker: 0 });
    expect(worker).toBe(Number(marks["x-ganglion-model"]));
    const verdict = { route: "chat", verdict: "tag", enforced: "true" };
    expect(counter(proxy, "ganglion_verdicts_total", verdict)).toBeGreaterThan(50);
  });

  it("sends the request to another arm under reroute", () => {
    const proxy = filterProxy(alarmed({ act: "reroute" }));
    warm(proxy);
    const { marks } = exchange(proxy);
    expect(marks["x-ganglion-verdict"]).toBe("reroute");
    const seen = new Set(Array.from({ length: 50 }, () => exchange(proxy).arm));
    expect(seen.size).toBeGreaterThan(0);
  });

  it("reroutes along the fallback order when one arm has all the weight", () => {
    const arms = [
      { name: "a", default: true },
      { name: "b", weight: 0 },
      { name: "c", weight: 0 },
    ];
    const anomaly = { threshold_permille: 1, sequence: "act", act: "reroute" } as const;
    const route = { name: "chat", arms, fallback: ["a", "c", "b"], anomaly };
    const proxy = filterProxy(configOf([route], { model }));
    warm(proxy);
    expect(exchange(proxy).arm).toBe("c");
  });

  it("never reroutes to an arm that is ejected", () => {
    const arms = [{ name: "a", default: true }, { name: "b" }, { name: "c", weight: 0 }];
    const base = { name: "chat", arms, ejection: { requests_min: 5 } };
    const proxy = filterProxy(configOf([{ ...base, arms: [{ name: "b" }] }], { model }));
    warm(proxy);
    for (let i = 0; i < 30; i++) exchange(proxy, request(), { status: 503 });
    const anomaly = { threshold_permille: 1, sequence: "act", act: "reroute" } as const;
    const next = configOf([{ ...base, anomaly }], { epoch: 2, model });
    proxy.configure(JSON.stringify(next));
    settle(proxy);
    const chosen = new Set(Array.from({ length: 30 }, () => exchange(proxy).arm));
    expect(chosen).toEqual(new Set(["c"]));
  });

  it("is refused with 503 under shed", () => {
    const proxy = filterProxy(alarmed({ act: "shed" }));
    warm(proxy);
    const { status, response, refused } = exchange(proxy);
    expect({ status, refused }).toEqual({ status: 503, refused: true });
    expect(response).toMatchObject({ "x-ganglion-reason": "anomaly", "retry-after": "1" });
  });

  it("is not seen in a route's first requests where there is no model", () => {
    const route = {
      name: "chat",
      anomaly: { threshold_permille: 1, sequence: "act", act: "shed" } as const,
    };
    const proxy = filterProxy(configOf([route]));
    for (let i = 0; i < 50; i++) expect(exchange(proxy).status).toBe(200);
  });

  it("needs a score that reaches the threshold", () => {
    const steady = alarmed({ act: "shed", threshold_permille: 1000 });
    const proxy = filterProxy(steady);
    let refused = 0;
    for (let i = 0; i < 200; i++) if (exchange(proxy).refused) refused++;
    expect(refused).toBeLessThan(10);
  });
});

describe("what is shown upstream", () => {
  it("is a score on each request under always, with no verdict that was not given", () => {
    const calm = alarmed({ threshold_permille: 1000 }, { expose: "always" });
    const proxy = filterProxy(calm);
    for (let i = 0; i < 20; i++) {
      const { marks } = exchange(proxy);
      expect(marks["x-ganglion-score"]).toMatch(/^\d+$/);
      expect(marks["x-ganglion-model"]).toMatch(/^\d+$/);
      expect(marks["x-ganglion-evidence"]).toMatch(/^\d+,\d+,\d+,0$/);
      expect(marks["x-ganglion-verdict"]).toBeUndefined();
    }
  });

  it("is nothing but the arm under never", () => {
    const proxy = filterProxy(alarmed({ act: "tag" }, { expose: "never" }));
    warm(proxy);
    for (let i = 0; i < 20; i++) {
      const names = Object.keys(exchange(proxy).marks);
      expect(names.filter((name) => name !== "x-ganglion-arm")).toEqual([]);
    }
  });

  it("is the score of the statistics alone where there is no model", () => {
    const proxy = filterProxy(configOf([{ name: "chat" }], { expose: "always" }));
    const marks = { "x-ganglion-score": "0", "x-ganglion-evidence": "0,0,0,0" };
    expect(exchange(proxy).marks).toEqual(marks);
  });
});

describe("shadow mode", () => {
  it.each(["tag", "reroute", "shed"] as const)("counts %s and carries it out nowhere", (act) => {
    const proxy = filterProxy(alarmed({ act }, { mode: "shadow" }));
    for (let i = 0; i < 200; i++) {
      const seen = exchange(proxy);
      expect(seen).toMatchObject({ status: 200, refused: false, marks: {} });
    }
    settle(proxy);
    const labels = { route: "chat", verdict: act };
    const count = (enforced: string) =>
      counter(proxy, "ganglion_verdicts_total", { ...labels, enforced });
    expect(count("false")).toBeGreaterThan(50);
    expect(count("true")).toBe(0);
  });

  it("sends everything to the default arm and learns from it", () => {
    const proxy = filterProxy(configOf([{ name: "chat", arms: ARMS }], { mode: "shadow" }));
    for (let i = 0; i < 50; i++) expect(exchange(proxy).arm).toBe("");
    settle(proxy);
    const labels = { route: "chat", arm: "a" };
    expect(counter(proxy, "ganglion_arm_requests_total", labels)).toBe(50);
    const latency = gauge(proxy, "ganglion_arm_p50_microseconds", { ...labels, worker: 0 });
    expect(latency / 5000).toBeGreaterThan(31 / 32);
    expect(latency / 5000).toBeLessThan(33 / 32);
  });

  it("is overridden by a route that enforces", () => {
    const route = { name: "chat", mode: "enforce" as const, arms: ARMS };
    const anomaly = { threshold_permille: 1, sequence: "act", act: "shed" } as const;
    const proxy = filterProxy(configOf([{ ...route, anomaly }], { mode: "shadow", model }));
    warm(proxy);
    expect(exchange(proxy).status).toBe(503);
  });

  it("of a limit does not hide what the score would do", () => {
    const limits = [{ name: "shy", mode: "shadow" as const, requests_per_second: 0.001, burst: 1 }];
    const anomaly = { threshold_permille: 1, sequence: "act", act: "shed" } as const;
    const proxy = filterProxy(configOf([{ name: "chat", limits, anomaly }], { model }));
    warm(proxy);
    expect(exchange(proxy).status).toBe(503);
  });
});
