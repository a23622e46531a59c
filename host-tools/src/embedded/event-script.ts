// A script of events that both the embedded host and a real Envoy can replay, and what is to be
// observed of it, in one canonical form. Plain JSON, so that a failing script can be kept as a
// golden file and handed around; whatever a real proxy adds by itself is left out of the
// comparison.

import { GanglionError } from "../lib/errors";
import { EmbeddedProxy, type EmbeddedProxyOptions } from "./embedded-proxy";
import type { Header } from "./header-set";
import type { MetricValue } from "./metrics";
import type { Stream } from "./stream";

export interface UpstreamAnswer {
  readonly headers: readonly Header[];
  /** Body chunks in the order they are sent; absent for a response that is headers only. */
  readonly chunks?: readonly string[];
  readonly trailers?: readonly Header[];
  /** Virtual milliseconds between the request and the answer; default 0. */
  readonly afterMs?: number;
}

export type EventStep =
  | { readonly step: "configure"; readonly configuration: string }
  | { readonly step: "advance"; readonly ms: number }
  /** The client sends a request; it stays open until `answer`, `disconnect` or the script's end. */
  | {
      readonly step: "request";
      readonly id: string;
      readonly worker?: number;
      readonly headers: readonly Header[];
      readonly chunks?: readonly string[];
    }
  /** The upstream answers; not played when the proxy has answered by itself. */
  | ({ readonly step: "answer"; readonly id: string } & UpstreamAnswer)
  /** The client goes away. */
  | { readonly step: "disconnect"; readonly id: string };

export interface EventScript {
  readonly name: string;
  readonly options?: Omit<EmbeddedProxyOptions, "wasm" | "onHostCall" | "onHttpCall" | "process">;
  readonly steps: readonly EventStep[];
}

export interface StreamObservation {
  /** Headers at the upstream, null when the request never got there. */
  readonly upstreamHeaders: readonly Header[] | null;
  readonly upstreamBody: string;
  /** Headers at the client, null when no response came. */
  readonly clientHeaders: readonly Header[] | null;
  readonly clientBody: string;
  readonly reset: boolean;
}

export interface Observations {
  /** What became of each `configure`. */
  readonly configurations: readonly string[];
  readonly streams: Readonly<Record<string, StreamObservation>>;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** `LEVEL MESSAGE` of the workers' proxy_log calls, in order. */
  readonly logs: readonly string[];
}

/** Headers that a real proxy or codec adds, or whose value is the moment's. */
const VOLATILE = new Set([
  "connection",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
  "x-envoy-decorator-operation",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-upstream-service-time",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
]);

/** Lower case, without the volatile ones, sorted by name; values of one name keep their order. */
export function canonicalHeaders(headers: readonly Header[]): Header[] {
  return headers
    .map(([name, value]): Header => [name.toLowerCase(), value])
    .filter(([name, value]) => !VOLATILE.has(name) && !(name === "content-length" && value === "0"))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Plays a script through the embedded host.
 * @throws GanglionError E_EMBEDDED_SCRIPT for a step that names an unknown stream
 */
export function replayEvents(wasm: Uint8Array, script: EventScript): Observations {
  const proxy = new EmbeddedProxy({ ...script.options, wasm });
  const streams = new Map<string, Stream>();
  const configurations: string[] = [];
  for (const step of script.steps) play(proxy, streams, configurations, step);
  for (const stream of streams.values()) stream.end();
  const observed: Record<string, StreamObservation> = {};
  for (const [id, stream] of streams) observed[id] = observe(stream);
  const logs = [...proxy.logs]
    .filter((line) => line.worker >= 0 && !line.fromHost)
    .map((line) => `${line.level} ${line.message}`);
  return { configurations, streams: observed, metrics: proxy.metrics.snapshot(), logs };
}

function play(
  proxy: EmbeddedProxy,
  streams: Map<string, Stream>,
  configurations: string[],
  step: EventStep,
): void {
  switch (step.step) {
    case "configure":
      configurations.push(proxy.configure(step.configuration).status);
      return;
    case "advance":
      proxy.advance(step.ms * 1e6);
      return;
    case "request":
      streams.set(step.id, send(proxy, step.worker ?? 0, step.headers, step.chunks ?? []));
      return;
    case "answer":
      answer(proxy, find(streams, step.id), step);
      return;
    case "disconnect":
      find(streams, step.id).reset();
  }
}

function find(streams: ReadonlyMap<string, Stream>, id: string): Stream {
  const stream = streams.get(id);
  if (stream !== undefined) return stream;
  throw new GanglionError("E_EMBEDDED_SCRIPT", `no request with id ${id} came before this step`);
}

function send(
  proxy: EmbeddedProxy,
  worker: number,
  headers: readonly Header[],
  chunks: readonly string[],
): Stream {
  const stream = proxy.stream(worker, { headers, endOfStream: chunks.length === 0 });
  chunks.forEach((chunk, i) => {
    if (isOpen(stream)) stream.pushRequestBody(chunk, i === chunks.length - 1);
  });
  return stream;
}

function answer(proxy: EmbeddedProxy, stream: Stream, sent: UpstreamAnswer): void {
  proxy.advance((sent.afterMs ?? 0) * 1e6);
  const { headers, chunks = [], trailers } = sent;
  if (isOpen(stream)) {
    stream.pushResponseHeaders(headers, chunks.length === 0 && trailers === undefined);
  }
  chunks.forEach((chunk, i) => {
    const last = i === chunks.length - 1 && trailers === undefined;
    if (isOpen(stream)) stream.pushResponseBody(chunk, last);
  });
  if (trailers !== undefined && isOpen(stream)) stream.pushResponseTrailers(trailers);
  stream.end();
}

function isOpen(stream: Stream): boolean {
  return stream.reply === null && !stream.wasReset && !stream.ended;
}

function observe(stream: Stream): StreamObservation {
  const { toUpstream, toClient } = stream;
  return {
    upstreamHeaders: toUpstream.headersPassed ? canonicalHeaders(stream.request.toList()) : null,
    upstreamBody: Buffer.from(toUpstream.body()).toString("utf8"),
    clientHeaders: toClient.headersPassed ? canonicalHeaders(stream.response.toList()) : null,
    clientBody: Buffer.from(toClient.body()).toString("utf8"),
    reset: stream.wasReset,
  };
}
