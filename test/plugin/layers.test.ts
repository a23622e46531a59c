// The layers of the scorer together: what each says, which of them act, and how a route's threshold and
// incidents follow. Traffic under a virtual clock: hours take seconds.

import { beforeAll, describe, expect, it } from "vitest";
import type { AnomalyConfig, PluginConfig } from "../../host-tools/src/config/plugin-config";
import type { EmbeddedProxy } from "../../host-tools/src/embedded";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { readShippedBundle } from "../../host-tools/src/model/shipped-bundle";
import {
  MS,
  configOf,
  counter,
  exchange,
  filterProxy,
  gauge,
  modelOf,
  request,
  settle,
} from "../support/filter-proxy";

let bundle: PluginConfig["model"];
beforeAll(async () => {
  bundle = modelOf(await readShippedBundle());
});

interface Phase {
  readonly seconds: number;
  readonly failing?: number;
  readonly latencyMs?: number;
}

/** Ten requests a second with latencies that scatter by a tenth; returns verdicts and evidence. */
function play(proxy: EmbeddedProxy, seed: number, { seconds, failing = 0, latencyMs = 40 }: Phase) {
  const prng = seededPrng(seed);
  const anomalies: boolean[] = [];
  const evidence: number[][] = [];
  for (let i = 0; i < seconds * 10; i++) {
    const status = prng.uniform() < failing ? 503 : 200;
    const afterMs = Math.max(1, Math.round(latencyMs * (1 + 0.1 * prng.normal())));
    const { marks } = exchange(proxy, request("/chat"), { status, afterMs });
    anomalies.push(marks["x-ganglion-verdict"] === "tag");
    evidence.push((marks["x-ganglion-evidence"] ?? "").split(",").map(Number));
    proxy.advance(Math.max(1, 100 - afterMs) * MS);
  }
  return { anomalies, evidence };
}

const share = (flags: readonly boolean[]): number => flags.filter(Boolean).length / flags.length;

function proxyOf(anomaly: AnomalyConfig, rest: Partial<PluginConfig> = {}): EmbeddedProxy {
  return filterProxy(configOf([{ name: "chat", anomaly }], { expose: "always", ...rest }));
}

describe("the statistics", () => {
  it("raise an alarm at a burst of errors without any model, and none before", () => {
    const proxy = proxyOf({});
    const healthy = play(proxy, 1, { seconds: 900 });
    expect(share(healthy.anomalies)).toBeLessThan(0.002);
    const burst = play(proxy, 2, { seconds: 30, failing: 0.5 });
    expect(share(burst.anomalies.slice(100))).toBeGreaterThan(0.8);
    settle(proxy);
    expect(counter(proxy, "ganglion_incidents_total", { route: "chat" })).toBeGreaterThanOrEqual(1);
    expect(gauge(proxy, "ganglion_incident_open", { route: "chat", worker: 0 })).toBe(1);
    const labels = { route: "chat", layer: "statistics" };
    expect(counter(proxy, "ganglion_layer_alarms_total", labels)).toBeGreaterThan(5);
  });

  it("raise an alarm at an arm that answers slowly with success", () => {
    const proxy = proxyOf({});
    play(proxy, 3, { seconds: 900 });
    const slow = play(proxy, 4, { seconds: 40, latencyMs: 90 });
    expect(share(slow.anomalies.slice(200))).toBeGreaterThan(0.8);
  });

  it("close the incident when the fault is over", () => {
    const proxy = proxyOf({});
    play(proxy, 5, { seconds: 600 });
    play(proxy, 6, { seconds: 60, failing: 0.5 });
    settle(proxy);
    expect(gauge(proxy, "ganglion_incident_open", { route: "chat", worker: 0 })).toBe(1);
    play(proxy, 7, { seconds: 600 });
    settle(proxy);
    expect(gauge(proxy, "ganglion_incident_open", { route: "chat", worker: 0 })).toBe(0);
  });

  it("say nothing where the layer is off, and raise nothing where it is observed", () => {
    for (const statistics of ["off", "observe"] as const) {
      const proxy = proxyOf({ statistics });
      play(proxy, 8, { seconds: 300 });
      const { anomalies, evidence } = play(proxy, 9, { seconds: 30, failing: 0.5 });
      expect(share(anomalies)).toBe(0);
      const told = Math.max(...evidence.map(([, said]) => said!));
      if (statistics === "off") expect(told).toBe(0);
      else expect(told).toBeGreaterThan(1000);
      expect(Math.max(...evidence.map(([combined]) => combined!))).toBe(0);
    }
  });
});

describe("an alarm", () => {
  it("names its layer and signal in the filter state", () => {
    const proxy = proxyOf({});
    play(proxy, 10, { seconds: 300 });
    play(proxy, 11, { seconds: 30, failing: 0.6 });
    const stream = proxy.stream(0, { headers: request("/chat") });
    const state = Buffer.from(stream.info?.filterState?.get("wasm.ganglion") ?? []).toString();
    expect(state).toMatch(/^tag:anomaly:1000:statistics\.failures$/);
    stream.reset();
  });

  it("has a threshold that follows the false alarms that the owner accepts", () => {
    const thresholds = [0.1, 1, 60].map((perHour) => {
      const proxy = proxyOf({ false_alarms_per_hour: perHour });
      play(proxy, 12, { seconds: 60 });
      settle(proxy);
      return gauge(proxy, "ganglion_threshold_millibans", { route: "chat", worker: 0 });
    });
    expect(thresholds[0]).toBeGreaterThan(thresholds[1]!);
    expect(thresholds[1]).toBeGreaterThan(thresholds[2]!);
    // One in 3,600 windows: 3.56 decades.
    expect(thresholds[1]! / 1000).toBeGreaterThan(3.2);
    expect(thresholds[1]! / 1000).toBeLessThan(4.2);
  });

  it("is held against a fixed score where the route states one", () => {
    const proxy = proxyOf({ threshold_permille: 1000 });
    play(proxy, 13, { seconds: 300 });
    expect(share(play(proxy, 14, { seconds: 30, failing: 0.6 }).anomalies)).toBeGreaterThan(0.5);
  });
});

const attack = request("/chat?file=../../../../etc/passwd&x=' or 1=1 union select pw from users--");

describe("the content", () => {
  it("is told and raises no alarm by default", () => {
    const proxy = proxyOf({}, { model: bundle! });
    play(proxy, 15, { seconds: 10 });
    const { marks } = exchange(proxy, attack);
    expect(Number(marks["x-ganglion-evidence"]!.split(",")[3])).toBeGreaterThan(512);
    expect(marks["x-ganglion-verdict"]).toBeUndefined();
  });

  it("raises one on the request itself where it acts", () => {
    const anomaly = { statistics: "off", sequence: "off", content: "act" } as const;
    const proxy = proxyOf({ ...anomaly, false_alarms_per_hour: 60 }, { model: bundle! });
    const healthy = play(proxy, 16, { seconds: 30 });
    expect(share(healthy.anomalies)).toBe(0);
    expect(exchange(proxy, attack).marks["x-ganglion-verdict"]).toBe("tag");
    expect(exchange(proxy, request("/chat")).marks["x-ganglion-verdict"]).toBeUndefined();
  });
});

describe("a client that sends what looks strange, again and again", () => {
  it("does not raise the threshold out of the others' reach", () => {
    const anomaly = { statistics: "off", sequence: "off", content: "act" } as const;
    const thresholdAfter = (hostile: boolean): number => {
      const proxy = proxyOf(anomaly, { model: bundle! });
      const prng = seededPrng(17);
      for (let i = 0; i < 6000; i++) {
        const isAttacker = hostile && i > 2000 && prng.uniform() < 0.2;
        const client = isAttacker ? "10.9.9.9" : `10.0.0.${prng.below(200)}`;
        const path = isAttacker ? attack[1]![1] : `/chat?page=${prng.below(50)}`;
        exchange(proxy, request(path, [["x-forwarded-for", client]]));
        proxy.advance(195 * MS);
      }
      settle(proxy);
      return gauge(proxy, "ganglion_threshold_millibans", { route: "chat", worker: 0 });
    };
    const usual = thresholdAfter(false);
    expect(thresholdAfter(true)).toBeLessThanOrEqual(usual + 1000);
    expect(thresholdAfter(true)).toBeGreaterThanOrEqual(usual - 1000);
  });
});
