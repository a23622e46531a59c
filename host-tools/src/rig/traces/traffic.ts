// LLM traffic at a wanted rate and length: the recorded trace where it is, else the fitted
// generator.

import { GanglionError } from "../../lib/errors";
import { seededPrng, type Prng } from "../../lib/prng";
import { poissonArrivals } from "../load/arrivals";
import { TRACE_MODELS } from "./trace-constants";
import { findDataDir, readTraceFile, type TraceName, type TraceRequest } from "./trace-file";
import { generateTrace } from "./trace-model";

export interface TrafficOptions {
  readonly trace: TraceName;
  /** Mean over the whole time. */
  readonly rateHz: number;
  readonly durationMs: number;
  readonly seed: number;
  /**
   * `trace` (default) keeps the trace's burstiness, compressed in time; `poisson` takes only the
   * token counts from it.
   */
  readonly arrivals?: "trace" | "poisson";
  /** Cuts longer outputs, for runs that have no minutes to spare. Default: no limit. */
  readonly outputTokensMax?: number;
  /** Default `findDataDir()`; "" forces the fitted generator. */
  readonly dataDir?: string;
}

export interface Traffic {
  readonly requests: readonly TraceRequest[];
  /** `recorded` from the file, `fitted` from the generator. */
  readonly source: "recorded" | "fitted";
}

/**
 * Takes as many consecutive requests as rate and duration need, from a seeded place in the trace
 * (around its end if need be), and scales their time to the duration.
 *
 * @throws GanglionError E_TRAFFIC for a rate or duration that is not positive
 */
export function makeTraffic(options: TrafficOptions): Traffic {
  const { rateHz, durationMs } = options;
  if (!(rateHz > 0) || !(durationMs > 0)) {
    const got = `rateHz ${rateHz}, durationMs ${durationMs}`;
    throw new GanglionError("E_TRAFFIC", `traffic needs a positive rate and duration, got ${got}`);
  }
  const prng = seededPrng(options.seed).fork(`traffic-${options.trace}`);
  const count = Math.max(1, Math.round((rateHz * durationMs) / 1000));
  const dataDir = options.dataDir ?? findDataDir() ?? "";
  const recorded = dataDir === "" ? undefined : readTraceFile(options.trace, dataDir);
  const raw = recorded
    ? stretchFrom(recorded, count, prng)
    : generateTrace(TRACE_MODELS[options.trace], count + 1, prng);
  const timed =
    options.arrivals === "poisson"
      ? withPoissonArrivals(raw, rateHz, durationMs, prng)
      : scaled(raw.slice(0, count), lastMs(raw), durationMs);
  const cap = options.outputTokensMax ?? Infinity;
  return {
    requests: timed.map((request) => ({
      ...request,
      outputTokens: Math.min(cap, request.outputTokens),
    })),
    source: recorded ? "recorded" : "fitted",
  };
}

/** `count + 1` requests from a random place; the last one only tells where the stretch ends. */
function stretchFrom(trace: readonly TraceRequest[], count: number, prng: Prng): TraceRequest[] {
  const begin = prng.below(trace.length);
  const lapMs = (lastMs(trace) * trace.length) / (trace.length - 1);
  const at = (i: number): TraceRequest => {
    const request = trace[i % trace.length] as TraceRequest;
    return { ...request, atMs: request.atMs + lapMs * Math.floor(i / trace.length) };
  };
  const beginMs = at(begin).atMs;
  return Array.from({ length: count + 1 }, (_, i) => {
    const request = at(begin + i);
    return { ...request, atMs: request.atMs - beginMs };
  });
}

function lastMs(requests: readonly TraceRequest[]): number {
  return requests.at(-1)?.atMs ?? 0;
}

function scaled(
  requests: readonly TraceRequest[],
  spanMs: number,
  durationMs: number,
): TraceRequest[] {
  const factor = spanMs > 0 ? durationMs / spanMs : 0;
  return requests.map((request) => ({ ...request, atMs: request.atMs * factor }));
}

function withPoissonArrivals(
  requests: readonly TraceRequest[],
  rateHz: number,
  durationMs: number,
  prng: Prng,
): TraceRequest[] {
  const arrivalsMs = poissonArrivals(rateHz, durationMs, prng);
  return Array.from(arrivalsMs, (atMs, i) => ({
    ...(requests[i % requests.length] as TraceRequest),
    atMs,
  }));
}
