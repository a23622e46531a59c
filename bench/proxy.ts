// CPU per request of a one-worker Envoy, by filter. One process, one listener per variant, direct
// responses, rounds in random order, the process's own CPU time; medians over the rounds. CPU and not
// latency, because CPU survives a noisy machine; one process, so that all variants share its luck.

import { resolve } from "node:path";
import type { PluginConfig } from "../host-tools/src/config/plugin-config";
import { readShippedBundle } from "../host-tools/src/model/shipped-bundle";
import { canonicalJson, withModel } from "../host-tools/src/config/plugin-config";
import { type Prng, seededPrng } from "../host-tools/src/lib/prng";
import {
  type EnvoyProcess,
  type HttpFilter,
  type ListenerSpec,
  type LoadGenerator,
  type RouteSpec,
  buildBootstrap,
  findEnvoy,
  startEnvoy,
  startLoadGenerator,
  wasmFilter,
} from "../host-tools/src/rig/index";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { buildComparisonModules } from "./modules/build";
import { median, rounded } from "./statistics";

const TYPE = "type.googleapis.com/envoy.extensions.filters.http";

/**
 * The yardstick that the bars are stated in: two request headers and the response's status read, one
 * header set. Both phases, because a filter that learns from outcomes has to see the response.
 */
const LUA = `
function envoy_on_request(handle)
  local headers = handle:headers()
  local tier = headers:get("x-user-tier")
  local agent = headers:get("user-agent")
  if tier ~= nil and agent ~= nil then
    headers:replace("x-lua-arm", "a")
  end
end
function envoy_on_response(handle)
  local status = handle:headers():get(":status")
  if status == nil then
    handle:logWarn("no status")
  end
end
`;

/** Three request headers read, one set, the response not looked at: less work than Ganglion's. */
const LUA_REQUEST_ONLY = `
function envoy_on_request(handle)
  local headers = handle:headers()
  local path = headers:get(":path")
  local tier = headers:get("x-user-tier")
  local agent = headers:get("user-agent")
  if path ~= nil and tier ~= nil and agent ~= nil then
    headers:replace("x-lua-arm", "a")
  end
end
`;

const HEADERS = {
  "user-agent": "bench/1",
  accept: "application/json",
  "x-user-tier": "premium",
  "x-request-id": "5f0c6f0e-3a53-4a0e-9a3c-1f2d3c4b5a69",
  "content-type": "application/json",
};

/** Every part of the filter on: three arms, two limits, all layers of the scorer, tagging. */
function everythingOn(routeName: string, models: Uint8Array): PluginConfig {
  const limits = [
    { name: "all", requests_per_second: 1_000_000, burst: 100_000 },
    {
      name: "tier",
      key_header: "x-user-tier",
      requests_per_second: 1_000_000,
      burst: 100_000,
      values: [
        { value: "free", requests_per_second: 900_000, burst: 90_000 },
        { value: "premium", requests_per_second: 1_000_000, burst: 100_000 },
      ],
    },
  ];
  const config: PluginConfig = {
    version: 1,
    epoch: 1,
    mode: "enforce",
    routes: [
      {
        name: "stream",
        match: { path_prefix: "/api/llm/stream" },
        arms: [{ name: "a" }, { name: "b" }],
      },
      {
        name: routeName,
        match: { path_prefix: "/api/llm/chat" },
        arms: [{ name: "a", default: true }, { name: "b" }, { name: "c" }],
        limits,
        anomaly: { act: "tag" },
      },
    ],
  };
  return withModel(config, models);
}

/** One layer of the scorer instead of three. */
function sequenceAlone(routeName: string, models: Uint8Array): PluginConfig {
  const config = everythingOn(routeName, models);
  const anomaly = { act: "tag", statistics: "off", sequence: "act", content: "off" } as const;
  return { ...config, routes: config.routes!.map((route) => ({ ...route, anomaly })) };
}

/** The default arm on standby: every request gets a routing header. */
function otherArm(routeName: string, models: Uint8Array): PluginConfig {
  const config = everythingOn(routeName, models);
  const arms = [{ name: "a", default: true, weight: 0 }, { name: "b" }, { name: "c" }];
  const routes = (config.routes ?? []).map((r) => (r.name === routeName ? { ...r, arms } : r));
  return { ...config, routes };
}

function lua(script: string): HttpFilter {
  const code = { inline_string: script };
  return {
    name: "lua",
    typed_config: { "@type": `${TYPE}.lua.v3.Lua`, default_source_code: code },
  };
}

function nativeLimit(): HttpFilter {
  const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  return {
    name: "local_ratelimit",
    typed_config: {
      "@type": `${TYPE}.local_ratelimit.v3.LocalRateLimit`,
      stat_prefix: "limit",
      token_bucket: { max_tokens: 1_000_000, tokens_per_fill: 1_000_000, fill_interval: "1s" },
      filter_enabled: always,
      filter_enforced: always,
    },
  };
}

type Variants = Readonly<Record<string, readonly HttpFilter[]>>;

async function variants(): Promise<Variants> {
  const modules = await buildComparisonModules();
  const wasm = (name: string, wasmPath: string, configurationJson?: string): HttpFilter =>
    wasmFilter({
      name,
      rootId: name,
      vmId: name,
      wasmPath,
      ...(configurationJson === undefined ? {} : { configurationJson }),
    });
  const ours = resolve("build/ganglion.wasm");
  const models = await readShippedBundle();
  const config = everythingOn("chat", models);
  const always = canonicalJson({ ...everythingOn("chat-always", models), expose: "always" });
  const sequence = canonicalJson(sequenceAlone("chat-sequence", models));
  const step = (name: string, calls: number): HttpFilter =>
    wasm(name, modules.steps, String(calls));
  return {
    none: [],
    empty_wasm: [wasm("empty", modules.empty)],
    lua: [lua(LUA)],
    lua_request_only: [lua(LUA_REQUEST_ONLY)],
    local_ratelimit: [nativeLimit()],
    sdk_hello: [wasm("hello", modules.sdkHello, "world")],
    ganglion: [wasm("ganglion", ours, canonicalJson(config))],
    ganglion_sequence: [wasm("ganglion-sequence", ours, sequence)],
    step_headers: [step("step-headers", 1)],
    step_clocks: [step("step-clocks", 2)],
    step_status: [step("step-status", 4)],
    step_status_property: [step("step-status-property", 8)],
    step_header_set: [step("step-header-set", 16)],
    step_all: [step("step-all", 1 + 2 + 4 + 16)],
    ganglion_other_arm: [
      wasm("ganglion-other", ours, canonicalJson(otherArm("chat-other", models))),
    ],
    ganglion_all_headers: [wasm("ganglion-always", ours, always)],
  };
}

function listener(name: string, httpFilters: readonly HttpFilter[]): ListenerSpec {
  const answer = { status: 200, body: "ok" };
  const arm = (value: string): RouteSpec => ({
    name: `arm-${value}`,
    match: { prefix: "/", headers: { "x-ganglion-arm": value } },
    directResponse: answer,
  });
  const routes = [arm("b"), arm("c"), { name: "default", directResponse: answer }];
  return { name, port: 0, httpFilters, routes };
}

function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

interface Run {
  readonly envoy: EnvoyProcess;
  readonly load: LoadGenerator;
  readonly requests: number;
}

/** @returns CPU microseconds per request of the whole Envoy process */
async function measure(run: Run, name: string): Promise<number> {
  const port = run.envoy.port(name);
  const before = run.envoy.cpuTimeUs();
  const result = await run.load.closedLoop({
    target: { port },
    request: { tag: name, path: "/api/llm/chat/completions?stream=0", headers: HEADERS },
    connections: 24,
    requests: run.requests,
  });
  const failed = result.failed + result.requests - (result.byStatus["200"] ?? 0);
  if (failed > 0) throw new Error(`${name}: ${failed} of ${result.requests} requests failed`);
  return (run.envoy.cpuTimeUs() - before) / result.requests;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const rounds = options.quick ? 3 : 25;
  const requests = options.quick ? 3000 : 12000;
  const filters = await variants();
  const names = Object.keys(filters);
  const found = await findEnvoy({ install: true, onProgress: options.say });
  const bootstrap = buildBootstrap({
    listeners: names.map((name) => listener(name, filters[name] ?? [])),
  });
  const envoy = await startEnvoy({ binary: found.path, bootstrap, concurrency: 1 });
  const load = await startLoadGenerator();
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  try {
    const prng = seededPrng(options.seed);
    const session = { envoy, load, requests };
    for (let round = -1; round < rounds; round++) {
      for (const name of shuffled(names, prng)) {
        const us = await measure(session, name);
        // The first round warms connections, caches and the route tables.
        if (round >= 0) samples.get(name)?.push(us);
      }
      options.say(`proxy: round ${round + 1} of ${rounds}`);
    }
    await checkActive(envoy, requests * (rounds + 1));
    const context = {
      rounds,
      version: found.version,
      taggedPct: await anomalousPct(envoy),
      armHeaderPct: await armHeaderPct(envoy),
    };
    return report(names, samples, context);
  } finally {
    await load.stop();
    await envoy.stop();
  }
}

function stat(envoy: EnvoyProcess, labels: string, name: string): Promise<number> {
  return envoy.admin.stat(`wasmcustom.${labels}${name}`);
}

/** A filter that refused its configuration would be fast: each must have seen all its requests. */
async function checkActive(envoy: EnvoyProcess, perVariant: number): Promise<void> {
  for (const route of ["chat", "chat-other", "chat-always"]) {
    const name = `wasmcustom.route=.=${route};.;ganglion_requests_total`;
    await envoy.admin.waitForStat(name, perVariant, 5000);
  }
}

/** Share of requests over the anomaly threshold; each of them costs header writes. */
async function anomalousPct(envoy: EnvoyProcess): Promise<number> {
  const requests = await stat(envoy, "route=.=chat;.;", "ganglion_requests_total");
  const anomalies = await stat(envoy, "route=.=chat;.;", "ganglion_anomalies_total");
  return (100 * anomalies) / requests;
}

/** Share of requests that went to another arm than the default: each of them costs a header write. */
async function armHeaderPct(envoy: EnvoyProcess): Promise<number> {
  const to = (arm: string): Promise<number> =>
    stat(envoy, `route=.=chat;.;arm=.=${arm};.;`, "ganglion_arm_requests_total");
  const [a, b, c] = [await to("a"), await to("b"), await to("c")];
  return (100 * (b + c)) / (a + b + c);
}

interface Context {
  readonly rounds: number;
  readonly version: string;
  readonly taggedPct: number;
  readonly armHeaderPct: number;
}

function report(
  names: readonly string[],
  samples: ReadonlyMap<string, readonly number[]>,
  context: Context,
): BenchResult {
  const of = (name: string): readonly number[] => samples.get(name) ?? [];
  const none = of("none");
  // Differences within a round: both saw the same machine.
  const added = (name: string): number => median(of(name).map((us, i) => us - (none[i] ?? us)));
  const ratio = (a: string, b: string): number => rounded(added(a) / added(b), 3);
  const figures: Record<string, unknown> = {
    envoy: context.version,
    rounds: context.rounds,
    added_vs_lua: ratio("ganglion", "lua"),
    added_vs_sdk_hello: ratio("ganglion", "sdk_hello"),
    added_vs_lua_request_only: ratio("ganglion", "lua_request_only"),
    arm_header_pct: rounded(context.armHeaderPct, 1),
    tagged_pct: rounded(context.taggedPct, 2),
  };
  for (const name of names) figures[`${name}_us`] = rounded(median(of(name)), 1);
  for (const name of names)
    if (name !== "none") figures[`added_${name}_us`] = rounded(added(name), 1);
  const table = [
    ["variant", "us/request", "added", "min", "max"],
    ...names.map((name) => [
      name,
      median(of(name)).toFixed(1),
      name === "none" ? "" : added(name).toFixed(1),
      Math.min(...of(name)).toFixed(1),
      Math.max(...of(name)).toFixed(1),
    ]),
  ];
  return { figures, table };
}

export const bench: Bench = {
  name: "proxy",
  summary: "CPU per request in Envoy, by filter",
  run,
};
