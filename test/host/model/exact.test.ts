// SIMD kernels = scalar kernels = reference, bit for bit, over whole states and long runs.

import { beforeAll, describe, expect, it } from "vitest";
import { Architecture } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { sigmoidQ15, tanhQ15 } from "../../../host-tools/src/model/reference";
import { ARCHITECTURES, type RandomShape } from "./random-artifact";
import { startLab } from "./start-lab";
import { firstDifference } from "./three-scorers";

let lab: ModelLab;
beforeAll(() => {
  lab = startLab();
});

const difference = (seed: number, shape: RandomShape, steps: number) =>
  firstDifference(lab, seededPrng(seed), shape, steps);

describe.each(ARCHITECTURES.map((architecture) => [Architecture[architecture], architecture]))(
  "the three implementations of a %s scorer",
  (_, architecture) => {
    it.each([8, 16, 24, 32, 40, 64])("agree over a long run with %i hidden units", (hidden) => {
      expect(difference(100 + hidden, { architecture, hidden }, 4_000)).toBe(-1);
    });

    it.each([8, 24, 64])("agree on the accumulator's extremes with %i hidden units", (hidden) => {
      expect(difference(200 + hidden, { architecture, hidden, extreme: true }, 1_500)).toBe(-1);
    });

    it.each([
      [8, 8, 8],
      [16, 16, 33],
      [40, 32, 17],
      [64, 64, 64],
    ])("agree on other vectors: %i inputs, %i hidden, %i outputs", (inputs, hidden, outputs) => {
      const shape = { architecture, inputs, hidden, outputs };
      expect(difference(300 + inputs, shape, 1_000)).toBe(-1);
      expect(difference(400 + inputs, { ...shape, extreme: true }, 300)).toBe(-1);
    });

    it("agree over many random artifacts", () => {
      for (let seed = 0; seed < 60; seed++) {
        const hidden = 8 * (1 + (seed % 8));
        const shape = { architecture, hidden, extreme: seed % 5 === 0 };
        expect(difference(1000 + seed, shape, 150)).toBe(-1);
      }
    });
  },
);

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
