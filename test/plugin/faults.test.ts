// Whatever the host answers, wherever, the filter does not trap and the request passes: a trap
// would answer 503 to everything in flight on the worker.

import { describe, expect, it } from "vitest";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import { EmbeddedProxy, type HostCallHook } from "../../host-tools/src/embedded";
import {
  bareProxy,
  configOf,
  counter,
  defaultModel,
  exchange,
  filterWasm,
} from "../support/filter-proxy";
import { MS, request, settle, traps } from "../support/filter-proxy";

const arms = [
  { name: "a", default: true, weight: 1 },
  { name: "b", weight: 1000 },
];
const limits = [
  { name: "all", requests_per_second: 1000, burst: 500 },
  { name: "tenant", key_header: "x-tenant", requests_per_second: 1000, burst: 500 },
];
const anomaly = { threshold_permille: 1, act: "tag", sequence: "act" } as const;
const CONFIG = configOf([{ name: "chat", arms, limits, anomaly }], {
  model: defaultModel(),
  expose: "always",
});
const IMPORTS = WebAssembly.Module.imports(new WebAssembly.Module(filterWasm())).map((i) => i.name);
const STATUSES = Array.from({ length: 12 }, (_, i) => i + 1);

type Phase = "configure" | "request" | "response" | "end" | "tick";
const PHASES: readonly Phase[] = ["configure", "request", "response", "end", "tick"];

/** Requests served before anything fails: a filter with something learnt and something leased. */
const HEALTHY = 2;

/** A proxy in which one call fails while a phase lasts; `phase` is the test's to set. */
class Faulty {
  phase: Phase | "none" = "none";
  struck = 0;
  readonly proxy: EmbeddedProxy;

  constructor(name: string, status: number, when: Phase) {
    const hook: HostCallHook = (call) => {
      if (call !== name || this.phase !== when) return undefined;
      this.struck++;
      return status;
    };
    this.proxy = bareProxy({ onHostCall: hook });
  }

  in<T>(phase: Phase | "none", run: () => T): T {
    this.phase = phase;
    const result = run();
    this.phase = "none";
    return result;
  }
}

/** @param healthy requests before the first failure */
function playAll(faulty: Faulty, config: PluginConfig, healthy = 0): string[] {
  const { proxy } = faulty;
  const failures: string[] = [];
  faulty.in("configure", () => proxy.configure(JSON.stringify(config)));
  for (let i = 0; i < 6; i++) {
    const from = i < healthy ? "none" : undefined;
    const headers = request("/chat", [
      ["x-tenant", `t${i % 2}`],
      ["x-ganglion-arm", "evil"],
    ]);
    const stream = faulty.in(from ?? "request", () => proxy.stream(0, { headers }));
    if (stream.reply !== null) failures.push(`request ${i} was refused with ${stream.reply.code}`);
    else {
      proxy.process.clock.elapsedNs += 3 * MS;
      faulty.in(from ?? "response", () =>
        stream.pushResponseHeaders([[":status", "200"]], i % 2 === 0),
      );
    }
    faulty.in(from ?? "end", () => stream.end());
    faulty.in(from ?? "tick", () => proxy.advance(120 * MS));
  }
  return [...failures, ...traps(proxy)];
}

describe("a host call that fails", () => {
  const cases = PHASES.flatMap((phase) => [0, HEALTHY].map((healthy) => ({ phase, healthy })));

  it.each(cases)("traps and refuses nowhere in $phase, after $healthy requests", (the) => {
    const problems: string[] = [];
    const reached = new Set<string>();
    for (const name of IMPORTS) {
      for (const status of STATUSES) {
        const faulty = new Faulty(name, status, the.phase);
        const found = playAll(faulty, CONFIG, the.healthy);
        problems.push(...found.map((problem) => `${name} = ${status}: ${problem}`));
        if (faulty.struck > 0) reached.add(name);
      }
    }
    expect(problems).toEqual([]);
    expect(reached.size).toBeGreaterThan(0);
  });

  it("answers out of its list are no different", () => {
    const problems: string[] = [];
    for (const name of IMPORTS) {
      for (const status of [13, 255, -1, 0x7fffffff]) {
        for (const phase of PHASES)
          problems.push(...playAll(new Faulty(name, status, phase), CONFIG));
      }
    }
    expect(problems).toEqual([]);
  });

  it("leaves a filter that works again when it stops failing", () => {
    for (const name of IMPORTS) {
      const faulty = new Faulty(name, 10, "request");
      playAll(faulty, CONFIG);
      const sent = request("/chat", [["x-ganglion-arm", "evil"]]);
      const arm = exchange(faulty.proxy, sent).arm;
      expect(["", "b"], name).toContain(arm);
    }
  });

  it("that says success and gives nothing is survived too", () => {
    const problems: string[] = [];
    for (const name of IMPORTS) {
      for (const phase of PHASES) {
        const lie = new Faulty(name, 0, phase);
        problems.push(...playAll(lie, CONFIG).map((problem) => `${name} in ${phase}: ${problem}`));
      }
    }
    expect(problems).toEqual([]);
  });
});

describe("an answer that the proxy does not take", () => {
  it.each([1, 2, 10, 12])("with status %i lets the request pass, counted", (status) => {
    const limit = { name: "all", requests_per_second: 0.001, burst: 1 };
    const proxy = bareProxy({
      onHostCall: (name) => (name === "proxy_send_local_response" ? status : undefined),
    });
    proxy.configure(JSON.stringify(configOf([{ name: "chat", limits: [limit] }])));
    for (let i = 0; i < 5; i++) expect(exchange(proxy).status).toBe(200);
    settle(proxy);
    expect(counter(proxy, "ganglion_errors_total", { cause: "reply_failed" })).toBe(4);
    expect(traps(proxy)).toEqual([]);
  });
});

describe("random failures", () => {
  it("of any call at any time trap nowhere", () => {
    let state = 12345;
    const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const proxy = bareProxy({
      workers: 2,
      onHostCall: () => (next() < 0.2 ? 1 + Math.floor(next() * 12) : undefined),
    });
    for (let epoch = 1; epoch <= 20; epoch++) {
      proxy.configure(JSON.stringify({ ...CONFIG, epoch }));
      for (let i = 0; i < 100; i++) {
        const stream = proxy.stream(i % 2, {
          headers: request("/chat", [["x-tenant", `${i % 7}`]]),
        });
        if (stream.reply === null) stream.pushResponseHeaders([[":status", "200"]], true);
        stream.end();
        proxy.advance(30 * MS);
      }
    }
    expect(traps(proxy)).toEqual([]);
  });
});

describe("somebody else's bytes under our shared keys", () => {
  const garbage = [
    new Uint8Array(0),
    new Uint8Array(1).fill(7),
    // As long as our own values are, or were.
    ...[24, 32, 40].flatMap((size) => [new Uint8Array(size).fill(0xff), new Uint8Array(size)]),
    new Uint8Array(100_000).fill(1),
    new Uint8Array(200_000),
  ];
  const strict = configOf([
    { name: "chat", limits: [{ name: "all", requests_per_second: 1, burst: 3 }] },
  ]);

  it.each(garbage.map((bytes, i) => ({ bytes, i, size: bytes.length })))(
    "case $i of $size bytes traps nowhere, and the limiter recovers",
    ({ bytes }) => {
      const proxy = bareProxy({ workers: 2 });
      proxy.configure(JSON.stringify(strict));
      for (let i = 0; i < 8; i++) exchange(proxy, request(), { afterMs: 0, worker: i % 2 });
      settle(proxy);
      const keys = proxy.sharedData.keys();
      expect(keys.length).toBeGreaterThan(2);
      for (const key of keys) proxy.sharedData.set("", key, bytes, 0);
      for (let i = 0; i < 20; i++) {
        exchange(proxy, request(), { afterMs: 0, worker: i % 2 });
        proxy.advance(300 * MS);
      }
      proxy.advance(10_000 * MS);
      const statuses = Array.from(
        { length: 8 },
        (_, i) => exchange(proxy, request(), { afterMs: 0, worker: i % 2 }).status,
      );
      expect(statuses.filter((status) => status === 200).length).toBe(3);
      expect(traps(proxy)).toEqual([]);
    },
  );

  it.each([24, 32])("that stood there before the first request are no different: %i", (size) => {
    const first = bareProxy({ workers: 1 });
    first.configure(JSON.stringify(strict));
    for (let i = 0; i < 4; i++) exchange(first, request(), { afterMs: 0 });
    settle(first);
    const proxy = bareProxy({ workers: 2 });
    for (const key of first.sharedData.keys()) {
      proxy.sharedData.set("", key, new Uint8Array(size).fill(9), 0);
    }
    proxy.configure(JSON.stringify(strict));
    settle(proxy);
    const statuses = Array.from(
      { length: 8 },
      (_, i) => exchange(proxy, request(), { afterMs: 0, worker: i % 2 }).status,
    );
    expect(statuses.filter((status) => status === 200).length).toBe(3);
    expect(traps(proxy)).toEqual([]);
  });
});

describe("a client", () => {
  it("never reaches a log line or a metric's name", () => {
    const proxy = bareProxy();
    proxy.configure(JSON.stringify(CONFIG));
    for (let i = 0; i < 200; i++) {
      const secret: [string, string][] = [
        ["x-tenant", "SECRET"],
        ["x-tenant", "SECRET"],
      ];
      exchange(proxy, request(`/chat/SECRET?SECRET=${i}`, secret, i % 2 ? "SECRET" : "GET"));
    }
    settle(proxy);
    expect(proxy.logs.messages().filter((line) => line.includes("SECRET"))).toEqual([]);
    expect(Object.keys(proxy.metrics.snapshot()).filter((n) => n.includes("SECRET"))).toEqual([]);
    expect(counter(proxy, "ganglion_requests_total", { route: "chat" })).toBe(200);
  });
});
