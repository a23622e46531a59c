// The guard of a canary: what counts against it, what it costs, and that a kill holds: over workers,
// configurations, new VMs and whatever stands in shared data.

import { describe, expect, it } from "vitest";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import { seededPrng } from "../../host-tools/src/lib/prng";
import {
  askCanary,
  CANARY,
  CANARY_CLUSTER,
  canaryConfig,
  canaryRecords,
  failUntilKilled,
  STABLE_CLUSTER,
  tick,
} from "../support/canary-traffic";
import {
  bareProxy,
  configOf,
  counter,
  filterProxy,
  filterWasm,
  gauge,
  request,
  settle,
  traps,
} from "../support/filter-proxy";

const ROUTE = { route: "chat" };
const json = (config: PluginConfig) => JSON.stringify(config);

describe("a canary that fails", () => {
  it("is killed, and from then on every request of the route names the stable arm", () => {
    const proxy = filterProxy(canaryConfig());
    const failures = failUntilKilled(proxy);
    // Nothing is killed before requests_min answers.
    expect(failures).toBe(10);
    const seen = askCanary(proxy, { headers: request("/chat", [["x-canary-user", "true"]]) });
    expect(seen.marks).toMatchObject({
      "x-ganglion-arm": "v1",
      "x-ganglion-reason": "canary_killed",
    });
    expect(seen.marks).not.toHaveProperty("x-ganglion-verdict");
    settle(proxy);
    expect(counter(proxy, "ganglion_canary_requests_total", ROUTE)).toBe(failures + 2);
    expect(counter(proxy, "ganglion_canary_errors_total", ROUTE)).toBe(failures + 1);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(1);
    const told = proxy.logs.messages().filter((line) => line.includes("canary killed"));
    expect(told).toEqual([
      `ganglion: canary killed: route chat: ${failures} errors in ${failures} answers, too many`,
    ]);
  });

  it("is killed for the other workers within a tick", () => {
    const proxy = filterProxy(canaryConfig(), { workers: 3 });
    failUntilKilled(proxy, 2);
    expect(askCanary(proxy, { worker: 0 }).arm).toBe("");
    tick(proxy);
    expect([0, 1, 2].map((worker) => askCanary(proxy, { worker }).arm)).toEqual(["v1", "v1", "v1"]);
  });

  it("is found out by what all workers saw together", () => {
    const proxy = filterProxy(canaryConfig(), { workers: 5 });
    for (let i = 0; i < 10; i++) askCanary(proxy, { status: 500, worker: i % 5 });
    expect(canaryRecords(proxy)).toMatchObject([{ requests: 10, errors: 10, isKilled: true }]);
  });

  it("leaves other routes alone", () => {
    const guarded = { name: "chat", match: { path_prefix: "/chat" }, canary: CANARY };
    const proxy = filterProxy(configOf([guarded, { name: "rest" }]));
    failUntilKilled(proxy);
    expect(askCanary(proxy, { headers: request("/other") }).marks).toEqual({});
  });

  it("takes a chosen arm's place too", () => {
    const arms = [
      { name: "v1", default: true, weight: 0 },
      { name: "v3", weight: 1 },
    ];
    const proxy = filterProxy(configOf([{ name: "chat", arms, canary: CANARY }]));
    expect(askCanary(proxy).arm).toBe("v3");
    for (let i = 0; i < 9; i++) askCanary(proxy, { status: 503 });
    expect(askCanary(proxy).arm).toBe("v1");
    settle(proxy);
    expect(counter(proxy, "ganglion_arm_requests_total", { route: "chat", arm: "v1" })).toBe(1);
  });

  it("is only counted in shadow mode", () => {
    const proxy = filterProxy(canaryConfig({ mode: "shadow" }));
    for (let i = 0; i < 50; i++) expect(askCanary(proxy, { status: 503 }).marks).toEqual({});
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(1);
    expect(counter(proxy, "ganglion_canary_errors_total", ROUTE)).toBe(50);
  });
});

describe("what counts against a canary", () => {
  const errorsOf = (answers: () => void, proxy = filterProxy(canaryConfig())) => {
    answers();
    settle(proxy);
    return counter(proxy, "ganglion_canary_errors_total", ROUTE);
  };

  it.each([500, 502, 503, 504, 599])("is an answer %i", (status) => {
    const proxy = filterProxy(canaryConfig());
    expect(errorsOf(() => askCanary(proxy, { status }), proxy)).toBe(1);
  });

  it.each([200, 302, 400, 401, 404, 429, 499])("is no answer %i", (status) => {
    const proxy = filterProxy(canaryConfig());
    expect(errorsOf(() => askCanary(proxy, { status }), proxy)).toBe(0);
    expect(counter(proxy, "ganglion_canary_requests_total", ROUTE)).toBe(1);
  });

  it("is nothing that another cluster answered", () => {
    const proxy = filterProxy(canaryConfig());
    for (const cluster of [STABLE_CLUSTER, "", `${CANARY_CLUSTER}x`, CANARY_CLUSTER.slice(1)]) {
      for (let i = 0; i < 20; i++) askCanary(proxy, { status: 503, cluster });
    }
    settle(proxy);
    expect(canaryRecords(proxy)).toEqual([]);
    expect(counter(proxy, "ganglion_canary_requests_total", ROUTE)).toBe(0);
    expect(counter(proxy, "ganglion_stable_requests_total", ROUTE)).toBe(80);
    expect(counter(proxy, "ganglion_stable_errors_total", ROUTE)).toBe(80);
  });

  it("is no request that its client gave up", () => {
    const proxy = filterProxy(canaryConfig());
    for (let i = 0; i < 50; i++) askCanary(proxy, { status: "reset" });
    expect(canaryRecords(proxy)).toEqual([]);
  });

  it.each([
    ["outbound|*|v2|llm.ai.svc.cluster.local", true],
    ["*", true],
    [`${CANARY_CLUSTER}*`, true],
    [`*${CANARY_CLUSTER}`, true],
    ["outbound|*|v2|llm.ai.svc", false],
    ["inbound|*|v2|llm.ai.svc.cluster.local", false],
    ["outbound|8080|v2|llm.ai.svc.cluster.local*llm.ai.svc.cluster.local", false],
  ])("is told by a pattern: %s, %s", (cluster, counts) => {
    const proxy = filterProxy(canaryConfig({ cluster }));
    expect(errorsOf(() => askCanary(proxy, { status: 503 }), proxy)).toBe(counts ? 1 : 0);
  });

  it("is an answer in time for the configuration that its request began under", () => {
    const proxy = filterProxy(canaryConfig());
    const attributes = { "xds.cluster_name": CANARY_CLUSTER };
    const open = Array.from({ length: 5 }, () =>
      proxy.stream(0, { headers: request(), attributes }),
    );
    for (let epoch = 2; epoch < 8; epoch++) proxy.configure(json(canaryConfig({}, { epoch })));
    for (const stream of open) {
      stream.pushResponseHeaders([[":status", "503"]], true);
      stream.end();
    }
    expect(canaryRecords(proxy)).toEqual([]);
    expect(traps(proxy)).toEqual([]);
  });
});

describe("a kill", () => {
  const killed = (workers = 1) => {
    const proxy = filterProxy(canaryConfig(), { workers });
    failUntilKilled(proxy);
    return proxy;
  };

  it("outlives new epochs, other steps and other routes", () => {
    const proxy = killed();
    proxy.configure(json(canaryConfig({ requests_min: 1000 }, { epoch: 2 })));
    expect(askCanary(proxy).arm).toBe("v1");
    const routes = [
      { name: "first", match: { path_prefix: "/x" } },
      { name: "chat", canary: CANARY },
    ];
    proxy.configure(json(configOf(routes, { epoch: 3 })));
    expect(askCanary(proxy).arm).toBe("v1");
  });

  it("ends with another revision of the canary, and holds for the old one", () => {
    const proxy = killed();
    proxy.configure(json(canaryConfig({ id: "v2-2" }, { epoch: 2 })));
    expect(askCanary(proxy).arm).toBe("");
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(0);
    proxy.configure(json(canaryConfig({}, { epoch: 3 })));
    expect(askCanary(proxy).arm).toBe("v1");
  });

  it("that was found in shadow is none of a guard that acts, and the other way round", () => {
    const proxy = filterProxy(canaryConfig({ mode: "shadow" }));
    for (let i = 0; i < 20; i++) askCanary(proxy, { status: 503 });
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(1);
    proxy.configure(json(canaryConfig({ mode: "enforce" }, { epoch: 2 })));
    expect(askCanary(proxy).arm).toBe("");
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(0);
    failUntilKilled(proxy);
    proxy.configure(json(canaryConfig({ mode: "shadow" }, { epoch: 3 })));
    expect(askCanary(proxy).arm).toBe("");
    proxy.configure(json(canaryConfig({ mode: "enforce" }, { epoch: 4 })));
    expect(askCanary(proxy).arm).toBe("v1");
  });

  it("ends with the guard, and its gauge goes down", () => {
    const proxy = killed();
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(1);
    proxy.configure(json(configOf([{ name: "chat" }], { epoch: 2 })));
    expect(askCanary(proxy, { status: 503 }).arm).toBe("");
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(0);
  });

  it("takes its gauge along when the whole route goes", () => {
    const proxy = killed();
    settle(proxy);
    proxy.configure(json(configOf([{ name: "other" }], { epoch: 2 })));
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_killed", ROUTE)).toBe(0);
  });

  it("holds in a new VM from the first request on", () => {
    const proxy = killed(2);
    proxy.replaceVm({ wasm: filterWasm(), environment: { GANGLION_VM: "2" } });
    proxy.configure(json(canaryConfig({}, { epoch: 2 })));
    expect([0, 1].map((worker) => askCanary(proxy, { worker }).arm)).toEqual(["v1", "v1"]);
  });

  it("is written again when somebody else has overwritten it", () => {
    const proxy = killed();
    for (const bytes of [new Uint8Array(0), new Uint8Array(40), new Uint8Array(40).fill(255)]) {
      for (const { key } of canaryRecords(proxy)) proxy.sharedData.set("", key, bytes, 0);
      expect(askCanary(proxy).arm).toBe("v1");
      tick(proxy);
      expect(canaryRecords(proxy)).toMatchObject([{ isKilled: true }]);
    }
  });
});

describe("shared data", () => {
  const garbage = [0, 1, 24, 32, 40, 100_000].flatMap((size) => [
    new Uint8Array(size),
    new Uint8Array(size).fill(0xff),
  ]);

  it.each(garbage.map((bytes, i) => ({ bytes, i, size: bytes.length })))(
    "with somebody else's $size bytes neither kills nor saves, case $i",
    ({ bytes }) => {
      const first = filterProxy(canaryConfig());
      askCanary(first);
      const proxy = bareProxy({ workers: 2 });
      for (const { key } of canaryRecords(first)) proxy.sharedData.set("", key, bytes, 0);
      proxy.configure(json(canaryConfig()));
      tick(proxy);
      expect(askCanary(proxy).arm).toBe("");
      for (let i = 0; i < 10; i++) askCanary(proxy, { status: 503, worker: i % 2 });
      tick(proxy);
      expect([0, 1].map((worker) => askCanary(proxy, { worker }).arm)).toEqual(["v1", "v1"]);
      expect(traps(proxy)).toEqual([]);
    },
  );

  it.each([1, 2, 7, 8, 10, 12, 255])(
    "that answers %i to every call leaves each worker its own guard",
    (status) => {
      const onHostCall = (call: string) => (call.endsWith("_shared_data") ? status : undefined);
      const proxy = bareProxy({ workers: 2, onHostCall });
      proxy.configure(json(canaryConfig()));
      for (let i = 0; i < 30; i++) askCanary(proxy, { status: 503, worker: 1 });
      tick(proxy);
      // A conflict on every attempt decides nothing: the answers are another worker's to weigh.
      const arm = status === 8 ? "" : "v1";
      expect([0, 1].map((worker) => askCanary(proxy, { worker }).arm)).toEqual(["", arm]);
      expect(traps(proxy)).toEqual([]);
    },
  );

  it("loses no answer when workers cut into each other", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const prng = seededPrng(seed).fork("cut");
      let isCutting = false;
      const onHostCall = (call: string) => {
        if (isCutting || call !== "proxy_set_shared_data" || prng.uniform() < 0.5) return undefined;
        isCutting = true;
        askCanary(proxy, { worker: 1 });
        isCutting = false;
        return undefined;
      };
      const proxy = bareProxy({ workers: 2, onHostCall });
      proxy.configure(json(canaryConfig()));
      for (let i = 0; i < 40; i++) askCanary(proxy);
      settle(proxy);
      const counted = counter(proxy, "ganglion_canary_requests_total", ROUTE);
      expect(counted, `seed ${seed}`).toBeGreaterThan(50);
      expect(canaryRecords(proxy)[0]?.requests, `seed ${seed}`).toBe(counted);
    }
  });
});

describe("the price of a guard", () => {
  /** Host calls of one exchange, once the route has had some, by name. */
  const callsOf = (config: PluginConfig, cluster: string, before = 0) => {
    const calls = new Map<string, number>();
    const onHostCall = (call: string) => {
      calls.set(call, (calls.get(call) ?? 0) + 1);
      return undefined;
    };
    const proxy = bareProxy({ onHostCall });
    proxy.configure(json(config));
    for (let i = 0; i < 5; i++) askCanary(proxy, { cluster });
    for (let i = 0; i < before; i++) askCanary(proxy, { status: 503 });
    calls.clear();
    askCanary(proxy, { cluster });
    return Object.fromEntries(calls);
  };
  const plain = callsOf(configOf([{ name: "chat" }]), CANARY_CLUSTER);

  it("is nothing on a route without one", () => {
    expect(plain).toEqual({
      clock_time_get: 2,
      proxy_get_header_map_pairs: 1,
      proxy_get_header_map_value: 1,
    });
    const other = { name: "other", match: { path_prefix: "/other" }, canary: CANARY };
    expect(callsOf(configOf([other, { name: "chat" }]), CANARY_CLUSTER)).toEqual(plain);
  });

  it("is one property where the stable arm answers", () => {
    expect(callsOf(canaryConfig(), STABLE_CLUSTER)).toEqual({ ...plain, proxy_get_property: 1 });
  });

  it("is one compare-and-swap more where the canary answers", () => {
    expect(callsOf(canaryConfig(), CANARY_CLUSTER)).toEqual({
      ...plain,
      proxy_get_property: 1,
      proxy_get_shared_data: 1,
      proxy_set_shared_data: 1,
    });
  });

  it("is the header, its marks and a line of filter state once the canary is killed", () => {
    expect(callsOf(canaryConfig(), STABLE_CLUSTER, 10)).toEqual({
      ...plain,
      proxy_add_header_map_value: 3,
      proxy_get_property: 1,
      proxy_set_property: 1,
    });
  });
});

describe("a host call that fails", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(filterWasm()));

  it.each(imports.map((item) => item.name))("neither traps nor refuses: %s", (name) => {
    const problems: string[] = [];
    for (const status of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255, -1]) {
      let isFailing = false;
      const onHostCall = (call: string) => (isFailing && call === name ? status : undefined);
      const proxy = bareProxy({ workers: 2, onHostCall });
      for (let step = 0; step < 36; step++) {
        // Before the first answer, between two, after the kill.
        isFailing = step % 4 > 1;
        if (step % 12 === 0) proxy.configure(json(canaryConfig({}, { epoch: step })));
        if (askCanary(proxy, { status: 503, worker: step % 2 }).refused) {
          problems.push(`${status}: request ${step} was refused`);
        }
        tick(proxy);
      }
      problems.push(...traps(proxy).map((problem) => `${status}: ${problem}`));
    }
    expect(problems).toEqual([]);
  });
});
