// Each feature against a value computed by hand.

import { FEATURES, Feature } from "../../../assembly/contract/features";
import { RequestShape, extract, featureVector } from "../../../assembly/features/extract";
import { noteArrival, noteEnd, noteResponse } from "../../../assembly/features/observe";
import { pathHash } from "../../../assembly/features/path-hash";
import { Ewma } from "../../../assembly/state/ewma";
import {
  RouteState,
  routeLatency,
  routeState,
  routeTtfb,
} from "../../../assembly/state/route-state";

const shape = changetype<RequestShape>(memory.data(64, 8));

function fresh(): RouteState {
  const state = routeState(0);
  memory.fill(changetype<usize>(state), 0, 512);
  memory.fill(changetype<usize>(shape), 0, offsetof<RequestShape>());
  return state;
}

function feature(which: Feature): f32 {
  return load<f32>(featureVector() + <usize>which * 4);
}

/** Whether the feature is the value, up to the stated error of the logarithm. */
function near(which: Feature, value: f32): bool {
  const distance = Mathf.abs(feature(which) - value);
  return distance < 1e-4;
}

function learn(ewma: Ewma, fastMs: f32, slowMs: f32, variance: f32, peakMs: f32): void {
  ewma.fastMs = fastMs;
  ewma.slowMs = slowMs;
  ewma.variance = variance;
  ewma.peakMs = peakMs;
  ewma.samples = 9;
}

describe("the features of a route", () => {
  it("are neutral before the first request", () => {
    extract(fresh(), shape, 5000);
    expect(near(Feature.LogInterArrival, Mathf.log2(1000.015625))).toBe(true);
    expect(feature(Feature.LogInFlight)).toBe(0);
    expect(feature(Feature.LogTtfbFast)).toBe(0);
    expect(feature(Feature.LogLatencyFast)).toBe(0);
    expect(feature(Feature.LogLatencySlow)).toBe(0);
    expect(feature(Feature.LatencyShift)).toBe(0);
    expect(feature(Feature.LogPeakRatio)).toBe(0);
  });

  it("are the logarithms of what is known", () => {
    const state = fresh();
    state.arrivalMs = 1000;
    state.inFlight = 7;
    learn(routeTtfb(state), 16, 20, 0, 16);
    learn(routeLatency(state), 512, 256, 10000, 1024);
    extract(state, shape, 1063.984375);
    expect(near(Feature.LogInterArrival, 6)).toBe(true);
    expect(near(Feature.LogInFlight, 3)).toBe(true);
    expect(near(Feature.LogTtfbFast, 4)).toBe(true);
    expect(near(Feature.LogLatencyFast, 9)).toBe(true);
    expect(near(Feature.LogLatencySlow, 8)).toBe(true);
    expect(near(Feature.LatencyShift, 2.56)).toBe(true);
    expect(near(Feature.LogPeakRatio, 2)).toBe(true);
  });

  it("measure a shift by at least a tenth of the mean, within 16", () => {
    const state = fresh();
    learn(routeLatency(state), 110, 100, 0, 110);
    extract(state, shape, 5000);
    expect(near(Feature.LatencyShift, 1)).toBe(true);
    learn(routeLatency(state), 1e6, 100, 0, 1e6);
    extract(state, shape, 5000);
    expect(feature(Feature.LatencyShift)).toBe(16);
    learn(routeLatency(state), 0, 1e6, 1, 1e6);
    extract(state, shape, 5000);
    expect(near(Feature.LatencyShift, -10)).toBe(true);
  });

  it("hold errors and the limited share as they are", () => {
    const state = fresh();
    state.errorFast = 0.25;
    state.errorSlow = 0.125;
    state.limitedShare = 0.5;
    extract(state, shape, 5000);
    expect(feature(Feature.ErrorFast)).toBe(0.25);
    expect(feature(Feature.ErrorSlow)).toBe(0.125);
    expect(feature(Feature.LimitedShare)).toBe(0.5);
  });

  it("are what ended last, and how much since the last arrival", () => {
    const state = fresh();
    noteResponse(state, 200, 16, 1000, 200, 3500);
    noteEnd(state, 200, 16, 271, 1255, 200, 3500);
    noteResponse(state, 503, 4, 1300, 200, 3500);
    noteEnd(state, 503, 4, 4, 1300, 200, 3500);
    noteEnd(state, 200, 1, 256, 1556, 200, 3500);
    extract(state, shape, 5000);
    expect(near(Feature.LogLatencyLast, 8)).toBe(true);
    expect(near(Feature.LogTtfbLast, 2)).toBe(true);
    expect(near(Feature.LogStreamLast, 8)).toBe(true);
    expect(near(Feature.FailedLast, 0.33333334)).toBe(true);
    expect(near(Feature.LogEnded, 2)).toBe(true);
    noteArrival(state, shape, 5000);
    extract(state, shape, 5001);
    expect(feature(Feature.LogEnded)).toBe(0);
    expect(feature(Feature.FailedLast)).toBe(0);
    expect(near(Feature.LogLatencyLast, 8)).toBe(true);
  });

  it("count client errors, but a refusal by a limit is none", () => {
    const state = fresh();
    noteResponse(state, 429, 1, 1000, 200, 3500);
    extract(state, shape, 5000);
    expect(feature(Feature.ClientErrorFast)).toBe(0);
    noteResponse(state, 401, 1, 1001, 200, 3500);
    extract(state, shape, 5000);
    expect(feature(Feature.ClientErrorFast)).toBe(0.1);
    expect(feature(Feature.ErrorFast)).toBe(0);
  });

  it("count retries, and paths that are none of the last few", () => {
    const state = fresh();
    shape.pathHash = 0x12340007;
    shape.attempt = 1;
    noteArrival(state, shape, 1000);
    extract(state, shape, 5000);
    expect(feature(Feature.RetryShare)).toBe(0);
    expect(feature(Feature.PathNovelty)).toBe(0.05);
    shape.attempt = 2;
    noteArrival(state, shape, 1001);
    extract(state, shape, 5000);
    expect(feature(Feature.RetryShare)).toBe(0.05);
    expect(near(Feature.PathNovelty, 0.0475)).toBe(true);
    shape.pathHash = 0x99990007;
    noteArrival(state, shape, 1002);
    extract(state, shape, 5000);
    expect(near(Feature.PathNovelty, 0.095125)).toBe(true);
  });
});

describe("the hash of a path", () => {
  it("tells the length and the first 64 bytes", () => {
    const text = memory.data(128, 8);
    memory.fill(text, 0x61, 128);
    const whole = pathHash(text, 64);
    expect(pathHash(text, 65)).not.toBe(whole);
    store<u8>(text, 0x62, 63);
    expect(pathHash(text, 64)).not.toBe(whole);
    store<u8>(text, 0x61, 63);
    store<u8>(text, 0x62, 64);
    expect(pathHash(text, 64)).toBe(whole);
    expect(pathHash(text, 0)).not.toBe(0);
  });
});

describe("the features of a request", () => {
  it("are the logarithms of its sizes plus one", () => {
    const state = fresh();
    shape.contentBytes = 1023;
    shape.headerBytes = 511;
    shape.headerCount = 15;
    shape.pathBytes = 31;
    shape.queryBytes = 63;
    shape.unsafeMethod = 1;
    extract(state, shape, 5000);
    expect(near(Feature.LogRequestBytes, 10)).toBe(true);
    expect(near(Feature.LogHeaderBytes, 9)).toBe(true);
    expect(near(Feature.LogHeaderCount, 4)).toBe(true);
    expect(near(Feature.LogPathBytes, 5)).toBe(true);
    expect(near(Feature.LogQueryBytes, 6)).toBe(true);
    expect(feature(Feature.MethodUnsafe)).toBe(1);
  });

  it("are finite at any extreme", () => {
    const state = fresh();
    state.arrivalMs = 1;
    state.inFlight = -5;
    learn(routeLatency(state), f32.MAX_VALUE, 0, f32.MAX_VALUE, f32.MAX_VALUE);
    shape.contentBytes = 999999999999999;
    shape.headerBytes = i32.MAX_VALUE;
    extract(state, shape, 0.5);
    for (let i = 0; i < FEATURES; i++) {
      expect(isFinite(load<f32>(featureVector() + <usize>i * 4))).toBe(true);
    }
  });
});
