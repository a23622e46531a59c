// From a request and what is known of its route to the model's input vector. The order and meaning are the
// contract's (contract/features.ts); the values are raw floats, scaled by the artifact's calibration later.

import { FEATURES, Feature } from "../contract/features";
import { elapsedMs } from "../state/ewma";
import { log2 } from "../state/math";
import { RouteState, routeLatency, routeTtfb } from "../state/route-state";

/** What the extraction needs of a request; plain numbers, so that it runs without a proxy. */
// @ts-ignore: decorator
@unmanaged
@final
export class RequestShape {
  contentBytes: f64;
  headerBytes: i32;
  headerCount: i32;
  pathBytes: i32;
  queryBytes: i32;
  /** 0 for GET, HEAD and OPTIONS, 1 otherwise. */
  unsafeMethod: i32;
  /** Which attempt of the caller's proxy this is; 1 is the first, and also what is not said. */
  attempt: i32;
  /** Of the path without query; see features/path-hash.ts. */
  pathHash: u32;
}

const VECTOR: usize = memory.data(96, 16);
if (FEATURES * 4 != 96) ERROR("VECTOR must have FEATURES places");

/** The vector that was extracted last: f32 x FEATURES. */
// @ts-ignore: decorator
@inline
export function featureVector(): usize {
  return VECTOR;
}

// @ts-ignore: decorator
@inline
function set(feature: Feature, value: f32): void {
  store<f32>(VECTOR + <usize>feature * 4, value);
}

/** Latencies under a microsecond count as one; before the first sample the logarithm is that of 1 ms. */
// @ts-ignore: decorator
@inline
function logMs(samples: u32, valueMs: f32): f32 {
  return samples == 0 ? 0 : log2(max<f32>(valueMs, 0.001));
}

// @ts-ignore: decorator
@inline
function logOnePlus(count: i32): f32 {
  return log2(<f32>count + 1);
}

/** Fills featureVector(). Call before the request is counted into the route's state. */
export function extract(state: RouteState, shape: RequestShape, nowMs: f64): void {
  const latency = routeLatency(state);
  const ttfb = routeTtfb(state);
  const sinceMs = state.arrivalMs == 0 ? <f32>1000 : elapsedMs(state.arrivalMs, nowMs);
  const slowMs = max<f32>(latency.slowMs, 0.001);
  // A floor of a tenth of the mean keeps a very steady route from alarming at a ripple.
  const deviationMs = max<f32>(sqrt<f32>(latency.variance), slowMs * 0.1);
  const shift = (latency.fastMs - latency.slowMs) / deviationMs;
  set(Feature.LogInterArrival, log2(sinceMs + 0.015625));
  set(Feature.LogInFlight, logOnePlus(max(0, state.inFlight)));
  set(Feature.LogTtfbFast, logMs(ttfb.samples, ttfb.fastMs));
  set(Feature.LogLatencyFast, logMs(latency.samples, latency.fastMs));
  set(Feature.LogLatencySlow, logMs(latency.samples, latency.slowMs));
  set(Feature.LatencyShift, max<f32>(-16, min<f32>(16, shift)));
  set(Feature.LogPeakRatio, log2(max<f32>(latency.peakMs, slowMs) / slowMs));
  set(Feature.ErrorFast, state.errorFast);
  set(Feature.ErrorSlow, state.errorSlow);
  set(Feature.LogRequestBytes, log2(<f32>shape.contentBytes + 1));
  set(Feature.LogHeaderBytes, logOnePlus(shape.headerBytes));
  set(Feature.LogPathBytes, logOnePlus(shape.pathBytes));
  set(Feature.LogQueryBytes, logOnePlus(shape.queryBytes));
  set(Feature.LogHeaderCount, logOnePlus(shape.headerCount));
  set(Feature.MethodUnsafe, <f32>shape.unsafeMethod);
  set(Feature.LimitedShare, state.limitedShare);
  set(Feature.LogLatencyLast, logMs(latency.samples, state.latencyLastMs));
  set(Feature.LogTtfbLast, logMs(ttfb.samples, state.ttfbLastMs));
  set(Feature.LogStreamLast, log2(state.streamLastMs + 1));
  set(Feature.FailedLast, <f32>state.endedFailed / max<f32>(<f32>state.ended, 1));
  set(Feature.LogEnded, log2(<f32>state.ended + 1));
  set(Feature.ClientErrorFast, state.clientErrorFast);
  set(Feature.RetryShare, state.retryShare);
  set(Feature.PathNovelty, state.pathNovelty);
}
