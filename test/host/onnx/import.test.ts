import { describe, expect, it } from "vitest";
import { FEATURES, Feature } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal, sigmoid } from "../../../host-tools/src/model/exact-math";
import { columnsOf, toFloatModel } from "../../../host-tools/src/onnx/float-import";
import { FloatRunner } from "../../../host-tools/src/onnx/float-runner";
import { importOnnx } from "../../../host-tools/src/onnx/imported-model";
import type { FloatGru, FloatLstm } from "../../../host-tools/src/model/float-model";
import { batchFirstGraph, skipGraph, unfoldedGraph } from "./recurrent-graphs";
import { runOnnx } from "./second-runtime";

const STEPS = 40;
/** The second runtime computes in f32, we in f64. */
const FLOAT_ERROR_MAX = 2e-5;

const offsets = Float64Array.from({ length: FEATURES }, (_, i) => i / 3 - 2);
const deviations = Float64Array.from({ length: FEATURES }, (_, i) => 0.5 + i / 8);

function sequence(seed: number, columns: number): Float32Array {
  const random = seededPrng(seed).fork("sequence");
  return Float32Array.from({ length: STEPS * columns }, () => normal(random));
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, one, i) => Math.max(most, Math.abs(one - b[i]!)), 0);
}

describe("an imported model", () => {
  it.each(["LSTM", "GRU"] as const)(
    "of a batch-first %s says what the second runtime says",
    async (architecture) => {
      for (const seed of [1, 2, 3]) {
        const shape = { architecture, inputs: FEATURES, hidden: 12 + 4 * seed, outputs: FEATURES };
        const file = batchFirstGraph(shape, seededPrng(seed));
        const x = sequence(seed, FEATURES);
        const expected = await runOnnx(file, "features", [1, STEPS, FEATURES], x);
        const imported = importOnnx(file);
        const model = toFloatModel(imported, columnsOf(imported), { offsets, deviations });
        expect(model.hidden % 8).toBe(0);
        const runner = new FloatRunner(model as FloatLstm | FloatGru);
        const actual = Array.from({ length: STEPS }, (_, step) =>
          Array.from(runner.step(x.subarray(step * FEATURES, (step + 1) * FEATURES))),
        ).flat();
        expect(largestDifference(actual, expected)).toBeLessThan(FLOAT_ERROR_MAX);
      }
    },
  );

  it.each(["LSTM", "GRU"] as const)(
    "of a %s on raw features keeps its columns, units, skip and logit",
    async (architecture) => {
      const inputs = "log_latency_fast,error_fast,log_in_flight,log_ttfb_fast,error_slow";
      const outputs =
        "log_latency_fast,log_in_flight:change,log_latency_fast:q0.9,error_fast:logit";
      const columns = [3, 7, 1, 2, 8];
      const shape = { architecture, inputs: 5, hidden: 10, outputs: 4 };
      const file = skipGraph(shape, seededPrng(9));
      const raw = sequence(9, columns.length);
      const expected = await runOnnx(file, "x", [STEPS, columns.length], raw);
      const imported = importOnnx(file);
      const meaning = columnsOf(imported, { inputs, outputs, unit: "raw" });
      const model = toFloatModel(imported, meaning, { offsets, deviations });
      const runner = new FloatRunner(model as FloatLstm | FloatGru);
      const latency = Feature.LogLatencyFast;
      for (let step = 0; step < STEPS; step++) {
        const x = new Float64Array(FEATURES);
        columns.forEach((feature, column) => {
          const value = raw[step * columns.length + column]!;
          x[feature] = (value - offsets[feature]!) / deviations[feature]!;
        });
        const [value, change, quantile, logit] = runner.step(x);
        const said = [
          value! * deviations[latency]! + offsets[latency]!,
          change! * deviations[Feature.LogInFlight]!,
          quantile! * deviations[latency]! + offsets[latency]!,
          sigmoid(logit!),
        ];
        const own = expected.subarray(4 * step, 4 * step + 4);
        expect(largestDifference(said, own)).toBeLessThan(FLOAT_ERROR_MAX);
      }
      expect(model.head.outputs[3]).toEqual({
        kind: "logit",
        feature: Feature.ErrorFast,
        zero: -offsets[Feature.ErrorFast]! / deviations[Feature.ErrorFast]!,
        one: (1 - offsets[Feature.ErrorFast]!) / deviations[Feature.ErrorFast]!,
      });
    },
  );

  it("is the same where the exporter left the gates' order to nodes of the graph", async () => {
    const shape = { architecture: "LSTM", inputs: FEATURES, hidden: 8, outputs: FEATURES } as const;
    const file = unfoldedGraph(shape, seededPrng(21));
    const x = sequence(21, FEATURES);
    const expected = await runOnnx(file, "x", [STEPS, 1, FEATURES], x);
    const imported = importOnnx(file);
    const model = toFloatModel(imported, columnsOf(imported), { offsets, deviations });
    const runner = new FloatRunner(model as FloatLstm);
    const actual = Array.from({ length: STEPS }, (_, step) =>
      Array.from(runner.step(x.subarray(step * FEATURES, (step + 1) * FEATURES))),
    ).flat();
    expect(largestDifference(actual, expected)).toBeLessThan(FLOAT_ERROR_MAX);
  });
});
