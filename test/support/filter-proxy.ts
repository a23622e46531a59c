// The release filter in the embedded host, as the plugin tests want it: a proxy with a
// configuration in force, one-line exchanges, and metrics by name and labels. No file of its own
// behaviour: what a test asserts is in the test.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  ModelConfig,
  PluginConfig,
  RouteConfig,
} from "../../host-tools/src/config/plugin-config";
import {
  EmbeddedProxy,
  type EmbeddedProxyOptions,
  type Header,
  type Stream,
} from "../../host-tools/src/embedded";

export const MS = 1_000_000;
export const SECOND = 1_000_000_000;

const fileAt = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let release: Uint8Array | undefined;

/** The release module's bytes. */
export function filterWasm(): Uint8Array {
  return (release ??= new Uint8Array(readFileSync(fileAt("build/ganglion.wasm"))));
}

/** The shipped default artifact as a configuration carries it. */
export function defaultModel(): ModelConfig {
  return modelOf(readFileSync(fileAt("wasmplugin/models/default.gngl")));
}

/** Any artifact as a configuration carries it. */
export function modelOf(bytes: Uint8Array): ModelConfig {
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    base64: Buffer.from(bytes).toString("base64"),
  };
}

/** An enforcing configuration of these routes. */
export function configOf(
  routes: readonly RouteConfig[],
  rest: Partial<PluginConfig> = {},
): PluginConfig {
  return { version: 1, epoch: 1, mode: "enforce", exploration_permille: 0, ...rest, routes };
}

export type FilterOptions = Partial<EmbeddedProxyOptions>;

/** A proxy that runs the filter; no configuration yet. */
export function bareProxy(options: FilterOptions = {}): EmbeddedProxy {
  const wasm = filterWasm();
  return new EmbeddedProxy({ wasm, failurePolicy: "FAIL_OPEN", mainThread: false, ...options });
}

/** A proxy with the configuration in force. */
export function filterProxy(config: PluginConfig, options: FilterOptions = {}): EmbeddedProxy {
  const proxy = bareProxy(options);
  proxy.configure(JSON.stringify(config));
  return proxy;
}

/** Request headers in Envoy's order. */
export function request(path = "/chat", extra: readonly Header[] = [], method = "POST"): Header[] {
  const pseudo: Header[] = [
    [":authority", "llm.example"],
    [":path", path],
    [":method", method],
    [":scheme", "http"],
  ];
  return [...pseudo, ...extra];
}

export interface Exchange {
  /** Status that the client saw. */
  readonly status: number;
  /** The request never reached the upstream. */
  readonly refused: boolean;
  /** Value of x-ganglion-arm at the upstream; "" without. */
  readonly arm: string;
  /** All request headers at the upstream that begin with x-ganglion-. */
  readonly marks: Readonly<Record<string, string>>;
  readonly response: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status?: number;
  /** Virtual time between request and answer; default 5 ms. */
  readonly afterMs?: number;
  readonly worker?: number;
}

/** One whole request: sent, answered after a while, ended. */
export function exchange(
  proxy: EmbeddedProxy,
  headers: readonly Header[] = request(),
  answer: Answer = {},
): Exchange {
  const stream = proxy.stream(answer.worker ?? 0, { headers });
  if (stream.reply === null) {
    proxy.advance((answer.afterMs ?? 5) * MS);
    stream.pushResponseHeaders([[":status", String(answer.status ?? 200)]], true);
  }
  const seen = observe(stream);
  stream.end();
  return seen;
}

/** What became of a stream that is still at hand. */
export function observe(stream: Stream): Exchange {
  const marks = new Map<string, string>();
  for (const [name, value] of stream.request.toList()) {
    if (name.startsWith("x-ganglion-")) marks.set(name, (marks.has(name) ? "twice:" : "") + value);
  }
  const response = Object.fromEntries(stream.response.toList());
  return {
    status: Number(response[":status"] ?? 0),
    refused: stream.reply !== null,
    arm: marks.get("x-ganglion-arm") ?? "",
    marks: Object.fromEntries(marks),
    response,
  };
}

/** The name under which the filter writes a metric with these labels, in their order. */
export function metricKey(name: string, labels: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}=.=${value};.;`);
  return parts.join("") + name;
}

/** Counter of the proxy after the workers' next ticks; 0 when it was never written. */
export function counter(
  proxy: EmbeddedProxy,
  name: string,
  labels: Readonly<Record<string, string | number>> = {},
): number {
  return proxy.metrics.counter(metricKey(name, labels));
}

export function gauge(
  proxy: EmbeddedProxy,
  name: string,
  labels: Readonly<Record<string, string | number>> = {},
): number {
  return proxy.metrics.gauge(metricKey(name, labels));
}

/** Lets every worker tick, gauges included. */
export function settle(proxy: EmbeddedProxy): void {
  proxy.advance(600 * MS);
}

/** Traps so far: lines that the host itself wrote, and VMs that are gone. */
export function traps(proxy: EmbeddedProxy): string[] {
  const lines = [...proxy.logs].filter((line) => line.fromHost).map((line) => line.message);
  const dead = proxy.workers.filter((worker) => worker.vm?.isFailed ?? false);
  return [...lines, ...dead.map((worker) => `worker ${worker.index} lost its VM`)];
}
