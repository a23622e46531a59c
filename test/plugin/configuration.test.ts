// How configurations come and go: all or nothing, the last good one stays, newer is newer, and what
// was learnt outlives all of them.

import { describe, expect, it } from "vitest";
import type { PluginConfig, RouteConfig } from "../../host-tools/src/config/plugin-config";
import { ProxyProcess } from "../../host-tools/src/embedded";
import {
  bareProxy,
  configOf,
  counter,
  defaultModel,
  exchange,
  filterProxy,
  gauge,
} from "../support/filter-proxy";
import { request, settle, traps } from "../support/filter-proxy";

const LIMITED: RouteConfig = {
  name: "chat",
  limits: [{ name: "all", requests_per_second: 0.01, burst: 3 }],
};
const json = (config: PluginConfig) => JSON.stringify(config);
const WORKERS = 3;

describe("a configuration that is refused", () => {
  const cases = [
    { name: "no JSON", bad: "{", words: [] },
    { name: "empty", bad: "", words: [] },
    {
      name: "a value out of bounds",
      bad: '{"version":1,"exploration_permille":101}',
      words: ["exploration_permille", "101", "100"],
    },
    {
      name: "an unknown choice",
      bad: '{"version":1,"mode":"loud"}',
      words: ["mode", "loud", "enforce", "shadow"],
    },
    {
      name: "an unknown key",
      bad: '{"version":1,"rutes":[]}',
      words: ["rutes"],
    },
    {
      name: "a bound deep inside",
      bad: json(
        configOf([{ name: "chat", limits: [{ name: "l", requests_per_second: 1, burst: 0 }] }]),
      ),
      words: ["routes[0].limits[0].burst", "0", "1"],
    },
    {
      name: "an artifact that is not what its hash says",
      bad: json(configOf([], { model: { ...defaultModel(), sha256: "0".repeat(64) } })),
      words: ["sha256"],
    },
  ];

  it.each(cases)("keeps the last good one and says why: $name", ({ bad, words }) => {
    const proxy = filterProxy(configOf([LIMITED]), { workers: WORKERS });
    for (let i = 0; i < 3; i++) exchange(proxy, request(), { afterMs: 0 });
    proxy.logs.clear();
    expect(proxy.configure(bad).status).toBe("accepted");
    expect(exchange(proxy).status).toBe(429);
    const lines = [...proxy.logs].filter((line) => line.worker === 0);
    const refusal = lines.map((line) => line.message).find((line) => line.includes("refused"));
    expect(refusal).toBeDefined();
    for (const word of words) expect(refusal).toContain(word);
    settle(proxy);
    for (let worker = 0; worker < WORKERS; worker++) {
      expect(gauge(proxy, "ganglion_config_error", { worker })).toBe(1);
      expect(gauge(proxy, "ganglion_config_epoch", { worker })).toBe(1);
    }
    expect(counter(proxy, "ganglion_configs_total", { cause: "refused" })).toBe(WORKERS);
    expect(traps(proxy)).toEqual([]);
  });

  it("passes everything through when there was none before", () => {
    const proxy = bareProxy({ workers: WORKERS });
    expect(proxy.configure("{").status).toBe("accepted");
    for (let i = 0; i < 20; i++) expect(exchange(proxy)).toMatchObject({ status: 200, marks: {} });
    settle(proxy);
    expect(gauge(proxy, "ganglion_config_error", { worker: 0 })).toBe(1);
    expect(gauge(proxy, "ganglion_config_epoch", { worker: 0 })).toBe(0);
  });

  it("is forgotten when a good one follows", () => {
    const proxy = bareProxy({ workers: WORKERS });
    proxy.configure("{");
    settle(proxy);
    proxy.configure(json(configOf([LIMITED], { epoch: 9 })));
    settle(proxy);
    for (let worker = 0; worker < WORKERS; worker++) {
      expect(gauge(proxy, "ganglion_config_error", { worker })).toBe(0);
      expect(gauge(proxy, "ganglion_config_epoch", { worker })).toBe(9);
    }
    for (let i = 0; i < 3; i++) expect(exchange(proxy, request(), { afterMs: 0 }).status).toBe(200);
    expect(exchange(proxy).status).toBe(429);
  });

  it("larger than the filter can hold is refused with its size", () => {
    const proxy = filterProxy(configOf([LIMITED]));
    proxy.configure(" ".repeat(400_000));
    settle(proxy);
    expect(gauge(proxy, "ganglion_config_error", { worker: 0 })).toBe(1);
    const lines = proxy.logs.messages("warn").filter((line) => line.includes("refused"));
    expect(lines.at(-1)).toContain("327680");
    expect(traps(proxy)).toEqual([]);
  });
});

describe("an older configuration that arrives late", () => {
  it("is ignored, said and counted, and no error", () => {
    const proxy = filterProxy(configOf([LIMITED], { epoch: 7 }), { workers: WORKERS });
    proxy.configure(json(configOf([], { epoch: 6 })));
    for (let i = 0; i < 4; i++) exchange(proxy, request(), { afterMs: 0 });
    expect(exchange(proxy).status).toBe(429);
    settle(proxy);
    expect(counter(proxy, "ganglion_configs_total", { cause: "stale" })).toBe(WORKERS);
    expect(gauge(proxy, "ganglion_config_epoch", { worker: 1 })).toBe(7);
    expect(gauge(proxy, "ganglion_config_error", { worker: 1 })).toBe(0);
    expect(proxy.logs.messages().some((line) => line.includes("epoch 6 is older than 7"))).toBe(
      true,
    );
  });

  it("of the same epoch is taken", () => {
    const proxy = filterProxy(configOf([LIMITED], { epoch: 7 }));
    proxy.configure(json(configOf([{ name: "other" }], { epoch: 7 })));
    for (let i = 0; i < 10; i++) expect(exchange(proxy).status).toBe(200);
  });
});

describe("a sign of life", () => {
  it("moves on every worker and stands still with the clock", () => {
    const proxy = filterProxy(configOf([]), { workers: WORKERS });
    settle(proxy);
    const beats = () =>
      [0, 1, 2].map((worker) => gauge(proxy, "ganglion_heartbeat_seconds", { worker }));
    const first = beats();
    proxy.advance(5_000_000_000);
    for (let worker = 0; worker < WORKERS; worker++) {
      expect(beats()[worker]! - first[worker]!).toBeGreaterThanOrEqual(4);
    }
  });
});

describe("what was learnt", () => {
  const arms = [{ name: "a", default: true }, { name: "b" }];
  const route: RouteConfig = { name: "chat", arms, ejection: { requests_min: 5 } };

  it("survives a new configuration and new weights", () => {
    const proxy = filterProxy(configOf([{ ...route, arms: [{ name: "b" }] }]));
    for (let i = 0; i < 30; i++) exchange(proxy, request(), { status: 503 });
    const model = defaultModel();
    proxy.configure(json(configOf([route], { epoch: 2, model })));
    for (let i = 0; i < 50; i++) expect(exchange(proxy).arm).toBe("");
    settle(proxy);
    expect(gauge(proxy, "ganglion_model_version", { worker: 0 })).toBeGreaterThan(0);
  });

  it("keeps quantiles over a configuration that does not name the route", () => {
    const proxy = filterProxy(configOf([route]));
    for (let i = 0; i < 50; i++) exchange(proxy, request(), { afterMs: 80 });
    proxy.configure(json(configOf([{ name: "other" }], { epoch: 2 })));
    proxy.configure(json(configOf([route], { epoch: 3 })));
    settle(proxy);
    const p50 = gauge(proxy, "ganglion_route_p50_microseconds", { route: "chat", worker: 0 });
    expect(p50 / 80_000).toBeGreaterThan(0.9);
    expect(p50 / 80_000).toBeLessThan(1.1);
  });

  it("ends with its streams in flight counted right over a swap", () => {
    const proxy = filterProxy(configOf([route]));
    const open = Array.from({ length: 20 }, () => proxy.stream(0, { headers: request() }));
    proxy.configure(json(configOf([{ ...route, arms: arms.toReversed() }], { epoch: 2 })));
    for (const stream of open) {
      stream.pushResponseHeaders([[":status", "200"]], true);
      stream.end();
    }
    exchange(proxy);
    settle(proxy);
    const inFlight = ["a", "b"].map((arm) =>
      gauge(proxy, "ganglion_arm_in_flight", { route: "chat", arm, worker: 0 }),
    );
    expect(inFlight).toEqual([0, 0]);
    expect(traps(proxy)).toEqual([]);
  });

  it("survives a hundred configurations of ever new names", () => {
    const proxy = filterProxy(configOf([route]));
    for (let epoch = 2; epoch < 102; epoch++) {
      const routes = Array.from({ length: 40 }, (_, i) => ({ name: `r${epoch}-${i}`, arms }));
      proxy.configure(json(configOf(routes, { epoch })));
      expect(exchange(proxy).status).toBe(200);
    }
    settle(proxy);
    expect(counter(proxy, "ganglion_configs_total", { cause: "refused" })).toBe(0);
    expect(counter(proxy, "ganglion_configs_total", { cause: "accepted" })).toBe(101);
    expect(traps(proxy)).toEqual([]);
  });
});

describe("the canary", () => {
  it("leaves nothing in shared data and nothing in statistics", () => {
    const proxy = bareProxy({ canary: true, workers: 1 });
    proxy.configure(json(configOf([LIMITED])));
    expect(proxy.sharedData.keys()).toEqual([]);
    expect(Object.keys(proxy.metrics.snapshot())).toEqual([]);
  });
});

describe("two plugins of one proxy", () => {
  it("keep their limits apart and share the key space without a fault", () => {
    const process = new ProxyProcess({ seed: 5 });
    const config = json(configOf([LIMITED]));
    const first = bareProxy({ process, rootId: "first", workers: 2 });
    const second = bareProxy({ process, rootId: "second", workers: 2 });
    first.configure(config);
    second.configure(json(configOf([{ ...LIMITED, name: "other" }])));
    const ask = (proxy: typeof first) => exchange(proxy, request(), { afterMs: 0 }).status;
    expect([ask(first), ask(first), ask(first), ask(first)]).toEqual([200, 200, 200, 429]);
    expect([ask(second), ask(second), ask(second), ask(second)]).toEqual([200, 200, 200, 429]);
    settle(first);
    const beats = [0, 1, 2, 3].map((worker) =>
      gauge(first, "ganglion_heartbeat_seconds", { worker }),
    );
    expect(beats.every((beat) => beat > 0)).toBe(true);
    expect(traps(first).concat(traps(second))).toEqual([]);
  });
});

describe("the main thread", () => {
  it("runs configure and tick like a worker", () => {
    const proxy = bareProxy({ mainThread: true, workers: 1 });
    proxy.configure(json(configOf([LIMITED], { epoch: 3 })));
    settle(proxy);
    const epochs = [0, 1].map((worker) => gauge(proxy, "ganglion_config_epoch", { worker }));
    expect(epochs).toEqual([3, 3]);
  });
});
