// SIMD kernels = scalar kernels = reference, bit for bit, over whole states and long runs.

import { beforeAll, describe, expect, it } from "vitest";
import { ArtifactStatus, paddedOutputs } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { ReferenceScorer, sigmoidQ15, tanhQ15 } from "../../../host-tools/src/model/reference";
import { randomArtifact, randomInput, type RandomShape } from "./random-artifact";
import { startLab } from "./start-lab";

let lab: ModelLab;
beforeAll(() => {
  lab = startLab();
});

/** Runs all three side by side; returns the first step at which anything differs, -1 for none. */
function firstDifference(seed: number, shape: RandomShape, steps: number): number {
  const random = seededPrng(seed);
  const artifact = randomArtifact(random, shape);
  const status = lab.load(encodeArtifact(artifact), artifact.inputs);
  expect(status).toBe(ArtifactStatus.Ok);
  const rows = paddedOutputs(artifact.outputs);
  const reference = new ReferenceScorer(artifact);
  const simd = lab.freshState(0);
  const scalar = lab.freshState(1);
  for (let step = 0; step < steps; step++) {
    const x = randomInput(random, artifact.inputs);
    lab.setQuantised(x);
    const expected = reference.step(x);
    const scores = [lab.wasm.scoreSimd(simd), lab.wasm.scoreScalar(scalar)];
    if (scores.some((score) => score !== expected.scorePermille)) return step;
    for (const state of [simd, scalar]) {
      if (lab.surprise(state) !== expected.surprise) return step;
      if (lab.permille(state) !== expected.permille) return step;
      if (!same(lab.prediction(state, rows), reference.prediction)) return step;
      if (!same(lab.hidden(state, artifact.hidden), reference.hidden)) return step;
      if (!same(lab.cell(state, artifact.hidden), reference.cell)) return step;
    }
  }
  return -1;
}

function same(a: Int16Array, b: Int16Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

describe("the scorer's three implementations", () => {
  it.each([8, 16, 24, 32, 40, 64])("agree over a long run with %i hidden units", (hidden) => {
    expect(firstDifference(100 + hidden, { hidden }, 12_000)).toBe(-1);
  });

  it.each([8, 24, 64])("agree on the accumulator's extremes with %i hidden units", (hidden) => {
    expect(firstDifference(200 + hidden, { hidden, extreme: true }, 4_000)).toBe(-1);
  });

  it.each([
    [8, 8, 8],
    [24, 16, 24],
    [40, 32, 17],
    [64, 64, 64],
  ])("agree on other vectors: %i inputs, %i hidden, %i outputs", (inputs, hidden, outputs) => {
    expect(firstDifference(300 + inputs, { inputs, hidden, outputs }, 2_000)).toBe(-1);
    expect(firstDifference(400 + inputs, { inputs, hidden, outputs, extreme: true }, 500)).toBe(-1);
  });

  it("agree over many random artifacts", () => {
    for (let seed = 0; seed < 100; seed++) {
      const hidden = 8 * (1 + (seed % 8));
      expect(firstDifference(1000 + seed, { hidden, extreme: seed % 5 === 0 }, 200)).toBe(-1);
    }
  });
});

describe("the activations", () => {
  it("agree between filter and reference over the whole domain", () => {
    for (let z = -32768; z <= 32767; z++) {
      if (lab.wasm.sigmoidQ15(z) !== sigmoidQ15(z)) expect.fail(`sigmoid differs at ${z}`);
      if (lab.wasm.tanhQ15(z) !== tanhQ15(z)) expect.fail(`tanh differs at ${z}`);
    }
  });

  it("hold the stated errors over the whole domain", () => {
    let sigmoidError = 0;
    let tanhError = 0;
    let sigmoidTail = 0;
    let tanhTail = 0;
    for (let z = -32768; z <= 32767; z++) {
      const real = z / 4096;
      const s = Math.abs(sigmoidQ15(z) / 32768 - 1 / (1 + Math.exp(-real)));
      const t = Math.abs(tanhQ15(z) / 32768 - Math.tanh(real));
      sigmoidError = Math.max(sigmoidError, s);
      if (Math.abs(real) <= 4) tanhError = Math.max(tanhError, t);
      else tanhTail = Math.max(tanhTail, t);
    }
    for (const end of [-32768, 32767]) {
      sigmoidTail = Math.max(sigmoidTail, Math.abs(sigmoidQ15(end) / 32768 - (end > 0 ? 1 : 0)));
    }
    expect(sigmoidError).toBeLessThan(7.4e-5);
    expect(tanhError).toBeLessThan(1.2e-4);
    expect(sigmoidTail).toBeLessThan(3.5e-4);
    expect(tanhTail).toBeLessThan(6.8e-4);
  });
});
