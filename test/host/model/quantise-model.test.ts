// From float models to artifacts: what rounding costs, what padding does not change, and what the
// filter says to the result.

import { beforeAll, describe, expect, it } from "vitest";
import { Architecture, ArtifactStatus, OutputKind } from "../../../host-tools/src/contract";
import { type Prng, seededPrng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import type {
  FloatGru,
  FloatHead,
  FloatLinear,
  FloatLstm,
} from "../../../host-tools/src/model/float-model";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { quantiseModel } from "../../../host-tools/src/model/quantise-model";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { FloatRunner } from "../../../host-tools/src/onnx/float-runner";
import { startLab } from "./start-lab";

const INPUTS = 11;
const HIDDEN = 13;
const OUTPUTS = 5;

let lab: ModelLab;
beforeAll(() => {
  lab = startLab();
});

/** Weights of the size that a training gives them. */
function weights(random: Prng, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(columns));
}

function biases(random: Prng, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, () => 0.2 * random.normal());
}

function head(random: Prng, columns: number): FloatHead {
  const outputs = Array.from({ length: OUTPUTS }, (_, i) => {
    return { kind: "value" as const, feature: 2 * i, carry: false };
  });
  return { outputs, weights: weights(random, OUTPUTS, columns), biases: biases(random, OUTPUTS) };
}

function lstm(random: Prng, inputs = INPUTS, hidden = HIDDEN): FloatLstm {
  return {
    architecture: "lstm",
    inputs,
    hidden,
    head: head(random, inputs + hidden),
    gateWeights: weights(random, 4 * hidden, inputs + hidden),
    gateBiases: biases(random, 4 * hidden),
  };
}

function gru(random: Prng, inputs = INPUTS, hidden = HIDDEN): FloatGru {
  return {
    architecture: "gru",
    inputs,
    hidden,
    head: head(random, inputs + hidden),
    gateWeights: weights(random, 2 * hidden, inputs + hidden),
    gateBiases: biases(random, 2 * hidden),
    candidateInputWeights: weights(random, hidden, inputs),
    candidateInputBiases: biases(random, hidden),
    candidateHiddenWeights: weights(random, hidden, hidden),
    candidateHiddenBiases: biases(random, hidden),
  };
}

function linear(random: Prng): FloatLinear {
  const window = 3;
  return {
    architecture: "linear",
    inputs: INPUTS,
    hidden: 4,
    window,
    head: head(random, 4),
    encoderWeights: weights(random, 4, window * INPUTS),
    encoderBiases: biases(random, 4),
  };
}

/** A vector in deviations, on the grid of Q12, so that only weights are rounded. */
function vector(random: Prng, length: number): Float64Array {
  return Float64Array.from({ length }, () => Math.round(random.normal() * 4096) / 4096);
}

const q12 = (x: Float64Array, length: number) =>
  Int16Array.from({ length }, (_, i) => Math.round((x[i] ?? 0) * 4096));

describe("a quantised model", () => {
  it.each([
    ["lstm", lstm],
    ["gru", gru],
  ] as const)("predicts what its %s in floating point predicts", (_, make) => {
    let worst = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededPrng(seed);
      const model = make(random);
      const artifact = quantiseModel(model, { name: "test" });
      const scorer = new ReferenceScorer(artifact);
      const runner = new FloatRunner(model);
      for (let step = 0; step < 200; step++) {
        const x = vector(random, INPUTS);
        const expected = runner.step(x);
        scorer.step(q12(x, artifact.inputs));
        expected.forEach((value, i) => {
          worst = Math.max(worst, Math.abs(scorer.prediction[i]! / 4096 - value));
        });
      }
    }
    // Deviations; the worst of 4000 vectors was 0.031 and 0.025, of the linear model below 0.040.
    expect(worst).toBeLessThan(0.05);
  });

  it("reconstructs what its linear model in floating point reconstructs", () => {
    let worst = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededPrng(seed);
      const model = linear(random);
      const artifact = quantiseModel(model, { name: "test" });
      expect(artifact.variant).toBe(model.window);
      const scorer = new ReferenceScorer(artifact);
      let past = new Float64Array(model.window * INPUTS);
      for (let step = 0; step < 200; step++) {
        const x = vector(random, INPUTS);
        past = Float64Array.from([...x, ...past.subarray(0, past.length - INPUTS)]);
        scorer.step(q12(x, artifact.inputs));
        const latents = affine(model.encoderWeights, model.encoderBiases, past);
        affine(model.head.weights, model.head.biases, latents).forEach((value, i) => {
          worst = Math.max(worst, Math.abs(scorer.prediction[i]! / 4096 - value));
        });
      }
    }
    expect(worst).toBeLessThan(0.05);
  });

  it.each([
    ["lstm", lstm, 64, 64, 2],
    ["gru", gru, 64, 64, 2],
    ["gru", gru, 48, 64, 2],
    ["gru", gru, 48, 56, 3],
    ["lstm", lstm, 24, 64, 3],
  ] as const)("shifts the inputs as far as no sum overflows: %s", (_, make, d, h, shift) => {
    const artifact = quantiseModel(make(seededPrng(3), d, h), { name: "test" });
    expect(artifact.inputShift).toBe(shift);
    expect(lab.loadAny(encodeArtifact(artifact))).toBe(ArtifactStatus.Ok);
  });

  it("computes in the filter what it computes in the reference", () => {
    const random = seededPrng(5);
    const models = [lstm(random), gru(random), linear(random)];
    expect(models.map((model) => quantiseModel(model, { name: "test" }).architecture)).toEqual([
      Architecture.Lstm,
      Architecture.Gru,
      Architecture.Linear,
    ]);
    for (const model of models) {
      const artifact = quantiseModel(model, { name: "test", smoothingShift: 2 });
      expect(lab.loadAny(encodeArtifact(artifact))).toBe(ArtifactStatus.Ok);
      const series = Float32Array.from({ length: 300 * INPUTS }, () => random.normal());
      const run = lab.run(lab.freshState(0), series, artifact.inputs, INPUTS);
      const scorer = new ReferenceScorer(artifact);
      for (let i = 0; i < 300; i++) {
        const raw = new Float32Array(artifact.inputs);
        raw.set(series.subarray(i * INPUTS, (i + 1) * INPUTS));
        const expected = scorer.stepRaw(raw);
        expect(run.evidences[i]).toBe(expected.settledEvidence);
        expect(run.surprises[i]).toBe(expected.surprise);
        expect(run.energies[i]).toBe(expected.energy);
      }
      expect(Math.max(...run.energies)).toBeGreaterThan(0);
    }
  });

  it("keeps kind, level and range of every output", () => {
    const random = seededPrng(6);
    const model = gru(random);
    const outputs = [
      { kind: "quantile", feature: 1, carry: true, tau: 0.9 },
      { kind: "quantile", feature: 1, carry: false, tau: 0.1 },
      { kind: "logit", feature: 2, zero: -0.25, one: 100 },
      { kind: "value", feature: 3, carry: true },
      { kind: "value", feature: 4, carry: false },
    ] as const;
    const artifact = quantiseModel(
      { ...model, head: { ...model.head, outputs } },
      { name: "test" },
    );
    const { Value, Quantile, Logit } = OutputKind;
    expect([...artifact.outputKinds]).toEqual([Quantile, Quantile, Logit, Value, Value]);
    expect([...artifact.outputCarries]).toEqual([1, 0, 0, 1, 0]);
    expect([...artifact.outputLevels]).toEqual([29491, 3277, 0, 0, 0]);
    expect([...artifact.outputZeros]).toEqual([0, 0, -1024, 0, 0]);
    expect([...artifact.outputOnes]).toEqual([0, 0, 32767, 0, 0]);
    expect(lab.loadAny(encodeArtifact(artifact))).toBe(ArtifactStatus.Ok);
  });

  it("is refused with a reason when the kernels cannot run it", () => {
    const random = seededPrng(7);
    expect(() => quantiseModel(lstm(random, 65, 8), { name: "test" })).toThrow(
      "the model has 72 inputs, at most 64",
    );
    expect(() => quantiseModel({ ...linear(random), window: 9 }, { name: "test" })).toThrow(
      "a window of 9 vectors of 16 has 144 numbers, at most 447 in 8 vectors",
    );
    const model = lstm(random);
    model.gateWeights[7] = Number.NaN;
    expect(() => quantiseModel(model, { name: "test" })).toThrow("a weight of row 0 is not finite");
  });
});

function affine(matrix: Float64Array, offsets: Float64Array, x: Float64Array): Float64Array {
  return offsets.map((offset, row) => {
    let sum = offset;
    for (let i = 0; i < x.length; i++) sum += matrix[row * x.length + i]! * x[i]!;
    return sum;
  });
}
