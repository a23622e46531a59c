// Runs recorded requests through the release filter under a virtual clock. Each request is sent at its
// recorded time, and answered after its recorded latency whatever else happens: a replay tells what the
// filter decides on this traffic, not how a service would have liked those decisions.

import { EmbeddedProxy } from "../embedded/embedded-proxy";
import { HeaderSet } from "../embedded/header-set";
import type { Stream } from "../embedded/stream";
import { checkWithFilter } from "../istio/filter-check";
import { EventQueue } from "../lib/event-queue";
import { seededPrng } from "../lib/prng";
import type { RecordedRequest } from "./recorded-request";
import { readVerdict, type ReplayVerdict } from "./replay-verdict";

export interface ReplayOptions {
  /** The release module. */
  readonly wasm: Uint8Array;
  readonly pluginConfig: string;
  /** Default 1. */
  readonly workers?: number;
  /** Of the filter's random choices and of which worker gets a request. Default 1. */
  readonly seed?: number;
  /** Gets the proxy before the first request, for whoever reads the filter's metrics on the way. */
  readonly onProxy?: (proxy: EmbeddedProxy) => void;
}

/** Called once a request, in order of time. */
export type OnVerdict = (request: RecordedRequest, verdict: ReplayVerdict, index: number) => void;

/**
 * @param requests in order of time
 * @throws GanglionError E_FILTER_REFUSED
 */
export function replayTraffic(
  requests: readonly RecordedRequest[],
  options: ReplayOptions,
  onVerdict: OnVerdict,
): void {
  const { wasm, pluginConfig, workers = 1, seed = 1 } = options;
  checkWithFilter(wasm, pluginConfig);
  const proxy = new EmbeddedProxy({ wasm, workers, seed, rootId: "ganglion" });
  proxy.configure(pluginConfig);
  options.onProxy?.(proxy);
  const prng = seededPrng(seed).fork("replay-worker");
  const queue = new EventQueue();
  let nowNs = 0;
  const advanceTo = (ms: number): void => {
    const ns = Math.round(ms * 1e6);
    if (ns <= nowNs) return;
    proxy.advance(ns - nowNs);
    nowNs = ns;
  };
  const runUntil = (ms: number): void => {
    for (let nextMs = queue.nextMs; nextMs <= ms; nextMs = queue.nextMs) {
      advanceTo(nextMs);
      queue.runNext();
    }
  };
  requests.forEach((request, index) => {
    runUntil(request.atMs);
    advanceTo(request.atMs);
    const worker = workers === 1 ? 0 : prng.below(workers);
    const stream = proxy.begin(worker, request.headers, true);
    const verdict = readVerdict(stream);
    onVerdict(request, verdict, index);
    if (stream.reply !== null || stream.wasReset) stream.release();
    else schedule(queue, stream, request, verdict.arm);
  });
  runUntil(Number.MAX_VALUE);
}

function schedule(queue: EventQueue, stream: Stream, request: RecordedRequest, arm: string): void {
  const { atMs, status } = request;
  const latencyMs = latencyOf(request, arm);
  if (status === 0) {
    queue.at(atMs + latencyMs, () => {
      stream.reset();
      stream.release();
    });
    return;
  }
  const answer = answerOf(status);
  const ttfbMs = Math.min(request.ttfbMs ?? latencyMs, latencyMs);
  if (ttfbMs === latencyMs) {
    queue.at(atMs + latencyMs, () => {
      stream.pushResponseHeaders(answer, true);
      stream.release();
    });
    return;
  }
  queue.at(atMs + ttfbMs, () => stream.pushResponseHeaders(answer, false));
  queue.at(atMs + latencyMs, () => stream.release());
}

/** `*` stands for the default arm too, which has no header and so no name here. */
export function latencyOf({ latencyMs }: Pick<RecordedRequest, "latencyMs">, arm: string): number {
  if (typeof latencyMs === "number") return latencyMs;
  return latencyMs.get(arm) ?? latencyMs.get("*")!;
}

const answers = new Map<number, HeaderSet>();

function answerOf(status: number): HeaderSet {
  let answer = answers.get(status);
  if (answer === undefined) {
    answer = HeaderSet.compile("response", [[":status", String(status)]]);
    answers.set(status, answer);
  }
  return answer;
}
