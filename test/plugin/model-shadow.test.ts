// A model in shadow beside a policy that is enforced: what it would have done is counted and told, and
// nothing of what the policy does without it changes.

import { beforeAll, describe, expect, it } from "vitest";
import type {
  AnomalyConfig,
  ModelConfig,
  PluginConfig,
  RouteConfig,
} from "../../host-tools/src/config/plugin-config";
import type { EmbeddedProxy } from "../../host-tools/src/embedded";
import { readShippedBundle } from "../../host-tools/src/model/shipped-bundle";
import {
  configOf,
  counter,
  exchange,
  filterProxy,
  gauge,
  MS,
  modelOf,
  observe,
  request,
  settle,
} from "../support/filter-proxy";

let bundle: ModelConfig;
beforeAll(async () => {
  bundle = modelOf(await readShippedBundle());
});

/** The content alone acts: one request shows what the model says, whatever came before. */
const CONTENT: AnomalyConfig = {
  statistics: "off",
  sequence: "off",
  content: "act",
  act: "shed",
  threshold_permille: 500,
};
const attack = request("/chat?file=../../../../etc/passwd&x=' or 1=1 union select pw from users--");
const SHED = { route: "chat", verdict: "shed" };

function configured(
  mode: ModelConfig["mode"],
  route: Partial<RouteConfig> = {},
  rest: Partial<PluginConfig> = {},
): PluginConfig {
  const model = mode === undefined ? bundle : { ...bundle, mode };
  return configOf([{ name: "chat", anomaly: CONTENT, ...route }], { model, ...rest });
}

const shadowed = (route: Partial<RouteConfig> = {}, rest: Partial<PluginConfig> = {}) =>
  filterProxy(configured("shadow", route, rest));

function sheds(proxy: EmbeddedProxy, enforced: "true" | "false"): number {
  settle(proxy);
  return counter(proxy, "ganglion_verdicts_total", { ...SHED, enforced });
}

function filterState(proxy: EmbeddedProxy, headers = attack): string {
  const stream = proxy.stream(0, { headers });
  const state = Buffer.from(stream.info?.filterState?.get("wasm.ganglion") ?? []).toString();
  stream.reset();
  return state;
}

describe("a model in shadow", () => {
  it("sheds nothing, and counts what it would have shed", () => {
    const proxy = shadowed();
    expect(exchange(proxy, attack).status).toBe(200);
    expect(exchange(proxy).status).toBe(200);
    expect(sheds(proxy, "false")).toBe(1);
    expect(sheds(proxy, "true")).toBe(0);
    expect(counter(proxy, "ganglion_anomalies_total", { route: "chat" })).toBe(0);
  });

  it("would have shed exactly what the same model sheds once it is enforced", () => {
    const paths = Array.from({ length: 60 }, (_, i) =>
      i % 4 === 3 ? attack : request(`/chat?page=${i}`),
    );
    const [watched, enforced] = (["shadow", "enforce"] as const).map((mode) => {
      const proxy = filterProxy(configured(mode));
      const refused = paths.filter((headers) => exchange(proxy, headers).refused).length;
      return { refused, counted: sheds(proxy, mode === "shadow" ? "false" : "true") };
    });
    expect(watched).toEqual({ refused: 0, counted: 15 });
    expect(enforced).toEqual({ refused: 15, counted: 15 });
  });

  it("tells verdict, score and layer in the filter state, marked as shadow", () => {
    expect(filterState(shadowed())).toMatch(/^shed:anomaly:\d{3,4}:content:shadow$/);
    expect(filterState(shadowed(), request())).toBe("");
  });

  it("tells its evidence upstream, and the score without it", () => {
    const { marks } = exchange(shadowed({}, { expose: "always" }), attack);
    expect(marks["x-ganglion-score"]).toBe("0");
    expect(marks["x-ganglion-verdict"]).toBeUndefined();
    const [combined, , , content] = marks["x-ganglion-evidence"]!.split(",").map(Number);
    expect(combined).toBe(0);
    expect(content).toBeGreaterThan(512);
  });

  it("leaves the route's limits in force", () => {
    const limits = [{ name: "all", requests_per_second: 1, burst: 3 }];
    const proxy = shadowed({ limits });
    const statuses = Array.from({ length: 6 }, () => exchange(proxy, attack).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
    // What a limit has refused, it would have refused with the model as well.
    expect(sheds(proxy, "false")).toBe(3);
  });

  it("leaves the statistics in force", () => {
    const anomaly: AnomalyConfig = { ...CONTENT, act: "tag", statistics: "act" };
    const proxy = shadowed({ anomaly });
    for (let i = 0; i < 3000; i++) exchangeFor(proxy, 200);
    let tagged = 0;
    for (let i = 0; i < 300; i++) tagged += exchangeFor(proxy, i % 2 === 0 ? 503 : 200);
    expect(tagged).toBeGreaterThan(150);
  });

  it("leaves the choice of an arm in force", () => {
    const arms = [{ name: "slow", default: true }, { name: "quick" }];
    const proxy = shadowed({ arms });
    const taken = { slow: 0, quick: 0 };
    for (let i = 0; i < 200; i++) {
      const stream = proxy.stream(0, { headers: request() });
      const arm = observe(stream).arm === "quick" ? "quick" : "slow";
      taken[arm]++;
      proxy.advance((arm === "quick" ? 5 : 400) * MS);
      stream.pushResponseHeaders([[":status", "200"]], true);
      stream.end();
    }
    expect(taken.quick).toBeGreaterThan(150);
  });

  it("is told from one whose layer the route only observes: that would do nothing", () => {
    const proxy = shadowed({ anomaly: { ...CONTENT, content: "observe" } });
    exchange(proxy, attack);
    expect(filterState(proxy)).toBe("");
    expect(sheds(proxy, "false")).toBe(0);
  });

  it("acts from the moment that a configuration enforces it", () => {
    const proxy = shadowed();
    expect(exchange(proxy, attack).status).toBe(200);
    proxy.configure(JSON.stringify({ ...configured(undefined), epoch: 2 }));
    expect(exchange(proxy, attack).status).toBe(503);
    proxy.configure(JSON.stringify({ ...configured("shadow"), epoch: 3 }));
    expect(exchange(proxy, attack).status).toBe(200);
    settle(proxy);
    expect(gauge(proxy, "ganglion_config_epoch", { worker: 0 })).toBe(3);
  });

  it("takes no part in the threshold that the other layers adapt", () => {
    const anomaly: AnomalyConfig = { statistics: "act", sequence: "act", content: "act" };
    const thresholds = (["shadow", undefined] as const).map((mode) => {
      const model = mode === undefined ? {} : { model: { ...bundle, mode } };
      const proxy = filterProxy(configOf([{ name: "chat", anomaly }], model));
      for (let i = 0; i < 600; i++) {
        exchange(proxy, i % 5 === 0 ? attack : request());
        proxy.advance(95 * MS);
      }
      settle(proxy);
      return gauge(proxy, "ganglion_threshold_millibans", { route: "chat", worker: 0 });
    });
    expect(thresholds[0]).toBe(thresholds[1]);
    expect(thresholds[0]).toBeGreaterThan(0);
  });
});

/** One request of a steady stream. @returns 1 where it was tagged */
function exchangeFor(proxy: EmbeddedProxy, status: number): number {
  const { marks } = exchange(proxy, request(), { status, afterMs: 40 });
  proxy.advance(60 * MS);
  return marks["x-ganglion-verdict"] === "tag" ? 1 : 0;
}
