// The exchanges that the embedded host and a real Envoy must agree on, as event scripts. Nothing in
// them depends on chance or on the exact time: arms have one with weight, limits a slow refill.

import type { PluginConfig, RouteConfig } from "../../host-tools/src/config/plugin-config";
import type { EventScript, EventStep, Header } from "../../host-tools/src/embedded";
import { CASE_HEADER } from "./conformance-envoy";
import { configOf, defaultModel } from "./filter-proxy";

const configure = (config: PluginConfig | string): EventStep => ({
  step: "configure",
  configuration: typeof config === "string" ? config : JSON.stringify(config),
});

const send = (id: string, extra: readonly Header[] = [], body?: string): EventStep => ({
  step: "request",
  id,
  headers: [
    [":authority", "llm.example"],
    [":path", "/chat?q=1"],
    [":method", "POST"],
    [":scheme", "http"],
    [CASE_HEADER, id],
    ["content-length", String(body?.length ?? 0)],
    ...extra,
  ],
  ...(body === undefined ? {} : { chunks: [body] }),
});

const answer = (id: string, status = 200, body?: string): EventStep => ({
  step: "answer",
  id,
  headers: [
    [":status", String(status)],
    ["content-length", String(body?.length ?? 0)],
    ["x-upstream", "yes"],
  ],
  ...(body === undefined ? {} : { chunks: [body] }),
});

const exchange = (id: string, status = 200, extra: readonly Header[] = []): EventStep[] => [
  send(id, extra),
  answer(id, status),
];

/** Long enough for counters to be flushed by a tick, and gauges by the fifth. */
const flush: EventStep = { step: "advance", ms: 700 };

const script = (name: string, ...steps: EventStep[]): EventScript => ({
  name,
  options: { rootId: "root", pluginName: "ganglion", failurePolicy: "FAIL_OPEN" },
  steps: [...steps, flush],
});

const one = (route: Partial<RouteConfig>, rest: Partial<PluginConfig> = {}) =>
  configure(configOf([{ name: "chat", match: { path_prefix: "/chat" }, ...route }], rest));

/** Requests that only bring the scorer past its warm-up. */
const WARM_UP = 64;

/** Whether the stream is one of those. */
export function isWarmUp(id: string): boolean {
  return /^w\d+$/.test(id);
}

const arms = [
  { name: "a", default: true, weight: 0 },
  { name: "b", weight: 1 },
];

const strict = [{ name: "tight", requests_per_second: 0.01, burst: 2 }];

export function conformanceScripts(): EventScript[] {
  return [...passing(), ...limiting(), ...troubled()];
}

function passing(): EventScript[] {
  return [
    script(
      "plain pass",
      one({}),
      ...exchange("r1"),
      send("r2", [], "hello"),
      answer("r2", 200, "hi"),
    ),
    script("no route", one({ match: { path_prefix: "/other" } }), ...exchange("r1")),
    script("arm with all the weight", one({ arms }), ...exchange("r1"), ...exchange("r2")),
    script("shadow mode", one({ arms, limits: strict }, { mode: "shadow" }), ...exchange("r1")),
    script(
      "stripping",
      one({ arms }),
      ...exchange("r1", 200, [
        ["x-ganglion-arm", "evil"],
        ["X-Ganglion-Score", "1"],
      ]),
      ...exchange("r2", 200, [
        ["x-ganglion-arm", "x"],
        ["x-keep", "1"],
        ["x-ganglion-arm", "y"],
      ]),
    ),
  ];
}

function limiting(): EventScript[] {
  const keyed = [{ name: "tier", key_header: "x-tier", requests_per_second: 0.01, burst: 1 }];
  return [
    script(
      "limit",
      one({ limits: strict }),
      ...["r1", "r2", "r3", "r4"].flatMap((id) => exchange(id)),
    ),
    script(
      "limit by tenant",
      one({ limits: keyed }),
      ...exchange("r1", 200, [["x-tier", "gold"]]),
      ...exchange("r2", 200, [["x-tier", "gold"]]),
      ...exchange("r3", 200, [["x-tier", "free"]]),
      ...exchange("r4", 200, [
        ["x-tier", "free"],
        ["x-tier", "gold"],
      ]),
      ...exchange("r5"),
    ),
  ];
}

function troubled(): EventScript[] {
  const shed = { threshold_permille: 1, sequence: "act", act: "shed" } as const;
  const warm = Array.from({ length: WARM_UP }, (_, i) => exchange(`w${i}`)).flat();
  return [
    script(
      "bad configuration, then good",
      configure('{"version":1,"mode":"loud"}'),
      ...exchange("r1", 200, [["x-ganglion-arm", "evil"]]),
      one({ arms }, { epoch: 2 }),
      ...exchange("r2"),
      configure("{"),
      ...exchange("r3"),
      one({ limits: strict }, { epoch: 1 }),
      ...exchange("r4"),
    ),
    script(
      "shed",
      one({ anomaly: shed }, { model: defaultModel(), expose: "never" }),
      ...warm,
      ...exchange("r1"),
      ...exchange("r2"),
    ),
    script("upstream errors", one({ arms }), ...exchange("r1", 503), ...exchange("r2", 404)),
    script("client abort", one({ arms }), send("r1"), { step: "disconnect", id: "r1" }),
    script("big headers", one({ arms }), ...exchange("r1", 200, [["x-big", "x".repeat(50_000)]])),
  ];
}
