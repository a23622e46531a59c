import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  findDataDir,
  makeTraffic,
  mergeTraffic,
  scratchDir,
  type TraceName,
  type TrafficOptions,
} from "../../../host-tools/src/rig";
import { TRACE_MODELS } from "../../../host-tools/src/rig/traces/trace-constants";
import { readTraceFile, type TraceRequest } from "../../../host-tools/src/rig/traces/trace-file";
import {
  fitTrace,
  generateTrace,
  quantileOf,
} from "../../../host-tools/src/rig/traces/trace-model";

const TRACES: TraceName[] = ["azure-code", "mooncake-chat"];

/** The recorded trace, or a skip that says why. */
function recordedOrSkip(name: TraceName, context: TestContext): TraceRequest[] {
  const dir = findDataDir();
  const trace = dir === undefined ? undefined : readTraceFile(name, dir);
  return trace ?? context.skip(`the recorded ${name} trace is not here (GANGLION_DATA)`);
}

function gapsOf(requests: readonly TraceRequest[]): number[] {
  return requests.slice(1).map((request, i) => request.atMs - (requests[i]?.atMs ?? 0));
}

function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(variance) / mean;
}

for (const name of TRACES) {
  describe(`the model of ${name}`, () => {
    it("is what a fit of the recorded trace gives", (context) => {
      expect(fitTrace(recordedOrSkip(name, context))).toEqual(TRACE_MODELS[name]);
    });

    it("generates the trace's quantiles of tokens and gaps, and its burstiness", (context) => {
      const trace = recordedOrSkip(name, context);
      const made = generateTrace(TRACE_MODELS[name], 60_000, seededPrng(1));
      for (const field of ["promptTokens", "outputTokens"] as const) {
        const of = (requests: readonly TraceRequest[]) =>
          requests.map((request) => request[field]).sort((a, b) => a - b);
        for (const q of [0.1, 0.35, 0.5, 0.65, 0.9, 0.98]) {
          const want = quantileOf(of(trace), q);
          expect(Math.abs(quantileOf(of(made), q) - want) / want).toBeLessThan(0.15);
        }
      }
      expect(variation(gapsOf(made)) / variation(gapsOf(trace))).toBeGreaterThan(0.8);
      expect(variation(gapsOf(made)) / variation(gapsOf(trace))).toBeLessThan(1.2);
    });

    it("has a mean gap near one", () => {
      const made = generateTrace(TRACE_MODELS[name], 60_000, seededPrng(2));
      expect((made.at(-1) as TraceRequest).atMs / made.length).toBeCloseTo(1, 0);
    });
  });
}

describe("makeTraffic", () => {
  const OPTIONS: TrafficOptions = {
    trace: "mooncake-chat",
    rateHz: 50,
    durationMs: 20_000,
    seed: 1,
    dataDir: "",
  };

  function check(requests: readonly TraceRequest[]): void {
    const atMs = requests.map((request) => request.atMs);
    expect(atMs).toEqual([...atMs].sort((a, b) => a - b));
    expect(atMs[0]).toBeGreaterThanOrEqual(0);
    expect(atMs.at(-1)).toBeLessThanOrEqual(OPTIONS.durationMs);
    for (const request of requests) {
      expect(Number.isInteger(request.promptTokens) && request.promptTokens > 0).toBe(true);
      expect(Number.isInteger(request.outputTokens) && request.outputTokens > 0).toBe(true);
    }
  }

  it("makes exactly rate x duration requests within the duration, from either source", () => {
    for (const dataDir of ["", findDataDir() ?? ""]) {
      for (const trace of TRACES) {
        const { requests, source } = makeTraffic({ ...OPTIONS, trace, dataDir });
        expect(source).toBe(dataDir === "" ? "fitted" : "recorded");
        expect(requests).toHaveLength(1000);
        check(requests);
      }
    }
  });

  it("can have the trace's tokens with Poisson arrivals", () => {
    const { requests } = makeTraffic({ ...OPTIONS, trace: "azure-code", arrivals: "poisson" });
    check(requests);
    expect(Math.abs(requests.length - 1000)).toBeLessThan(120);
    expect(variation(gapsOf(requests))).toBeCloseTo(1, 0);
  });

  it("repeats with the seed and differs between seeds", () => {
    expect(makeTraffic(OPTIONS)).toEqual(makeTraffic(OPTIONS));
    expect(makeTraffic(OPTIONS)).not.toEqual(makeTraffic({ ...OPTIONS, seed: 2 }));
  });

  it("goes around the end of a short trace, keeping time in order", () => {
    const dir = scratchDir("data");
    mkdirSync(join(dir, "azure-llm"));
    const rows = ["00.0000000,10,1", "01.5000000,20,2", "02.0000005,30,3"];
    const lines = rows.map((row) => `2023-11-16 18:17:${row}`);
    const header = "TIMESTAMP,ContextTokens,GeneratedTokens";
    const path = join(dir, "azure-llm/AzureLLMInferenceTrace_code.csv");
    writeFileSync(path, [header, ...lines].join("\r\n"));
    const options = { ...OPTIONS, trace: "azure-code" as const, dataDir: dir };
    const { requests, source } = makeTraffic({ ...options, rateHz: 10, durationMs: 1000 });
    expect(source).toBe("recorded");
    expect(requests).toHaveLength(10);
    expect(new Set(requests.map((request) => request.promptTokens))).toEqual(new Set([10, 20, 30]));
    check(requests);
    writeFileSync(path, "not,a,trace\nx,y,z\n");
    expect(() => makeTraffic(options)).toThrow(/not the azure-code trace/);
  });

  it("cuts outputs at the cap", () => {
    const { requests } = makeTraffic({ ...OPTIONS, outputTokensMax: 100 });
    expect(Math.max(...requests.map((request) => request.outputTokens))).toBe(100);
  });

  it("refuses a rate or duration that is not positive", () => {
    expect(() => makeTraffic({ ...OPTIONS, rateHz: 0 })).toThrow(/rateHz 0/);
    expect(() => makeTraffic({ ...OPTIONS, durationMs: NaN })).toThrow(/durationMs NaN/);
  });
});

describe("mergeTraffic", () => {
  it("puts several kinds of requests into one load plan in order of time", () => {
    const request = (atMs: number) => ({ atMs, promptTokens: atMs + 1, outputTokens: atMs + 2 });
    const plan = mergeTraffic([[request(0), request(10)], [request(5)]]);
    expect([...plan.intendedMs]).toEqual([0, 5, 10]);
    expect([...plan.template]).toEqual([0, 1, 0]);
    expect([...plan.promptTokens]).toEqual([1, 6, 11]);
    expect([...plan.outputTokens]).toEqual([2, 7, 12]);
  });
});
