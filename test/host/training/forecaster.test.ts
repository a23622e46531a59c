// Training as a whole: it learns, threads and kernels change no byte, gradients are right.

import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import type { FloatOutput } from "../../../host-tools/src/model/float-model";
import { trainForecaster } from "../../../host-tools/src/training/forecaster";
import { ReferenceKernels } from "../../../host-tools/src/training/kernels-reference";
import { Shard } from "../../../host-tools/src/training/shard";
import type { TrainingPlan } from "../../../host-tools/src/training/training-plan";

/** Two noisy waves, the second a quarter behind, as vectors of two. */
function waves(seed: number, length: number, noise = 0.05): Float32Array {
  const random = seededPrng(seed);
  const phase = 6 * random.uniform();
  const vectors = new Float32Array(2 * length);
  for (let i = 0; i < length; i++) {
    vectors[2 * i] = Math.sin(phase + i / 3) + noise * normal(random);
    vectors[2 * i + 1] = Math.sin(phase + i / 3 - Math.PI / 2) + noise * normal(random);
  }
  return vectors;
}

const ARCHITECTURES = ["gru", "lstm", "transformer"] as const;
const SERIES = [1, 2, 3, 4].map((seed) => waves(seed, 300));
const SHORT = { hidden: 8, steps: 12, batch: 32, windowSteps: 16, burnIn: 2 } as const;

describe("a training", () => {
  it.each(ARCHITECTURES)("of a %s predicts a wave to within its noise", (architecture) => {
    const { fit } = trainForecaster(SERIES, 2, { architecture, hidden: 8, steps: 200 });
    // Targets have unit size; predicting the mean costs about 0.4, the noise alone 0.003.
    expect(fit.validationLoss).toBeLessThan(0.008);
    expect(fit.validationLoss).toBeGreaterThan(0.002);
  });

  it.each(ARCHITECTURES)("of a %s gives the same bytes with any threads", (architecture) => {
    const train = (threads: number) =>
      trainForecaster(SERIES, 2, { ...SHORT, architecture, threads, batch: 64 }).fit.parameters;
    const alone = train(1);
    expect(train(2)).toEqual(alone);
    expect(train(4)).toEqual(alone);
  });

  it.each(ARCHITECTURES)("of a %s gives the same bytes without the module", (architecture) => {
    const options = { ...SHORT, architecture, threads: 1 };
    const plain = trainForecaster(SERIES, 2, { ...options, kernels: new ReferenceKernels() });
    expect(trainForecaster(SERIES, 2, options).model).toEqual(plain.model);
  });

  it("gives other bytes for another seed", () => {
    const [one, other] = [1, 2].map((seed) => trainForecaster(SERIES, 2, { ...SHORT, seed }));
    expect(one!.fit.parameters).not.toEqual(other!.fit.parameters);
  });

  it("learns quantiles: on noise its loss comes down to what the best ones cost", () => {
    const random = seededPrng(9);
    const noise = Float32Array.from({ length: 6000 }, () => normal(random));
    const outputs: FloatOutput[] = [0.1, 0.5, 0.9].map((tau) => ({
      kind: "quantile",
      feature: 0,
      carry: false,
      tau,
    }));
    const { fit } = trainForecaster([noise], 1, { hidden: 8, steps: 150, outputs });
    // The normal density at the quantiles: 0.1755, 0.3989, 0.1755. All at 0 would cost 0.3989.
    expect(fit.validationLoss).toBeGreaterThan(0.24);
    expect(fit.validationLoss).toBeLessThan(0.27);
  });

  it("refuses series that hold no window, and says how long one is", () => {
    expect(() => trainForecaster([new Float32Array(40)], 2, {})).toThrow(
      "no training series has more than 48 vectors in a row",
    );
  });
});

const OUTPUTS: FloatOutput[] = [
  { kind: "value", feature: 0, carry: true },
  { kind: "quantile", feature: 1, carry: false, tau: 0.9 },
  { kind: "logit", feature: 2, zero: -1, one: 1 },
  { kind: "value", feature: 3, carry: false },
];

describe("backpropagation through time", () => {
  it.each(ARCHITECTURES)("of a %s agrees with finite differences", (architecture) => {
    const plan: TrainingPlan = {
      architecture,
      inputs: 8,
      hidden: 8,
      outputs: OUTPUTS,
      targetScales: [1, 2, 1, 0.5],
      shape: { steps: 7, windows: 4 },
      burnIn: 2,
    };
    const random = seededPrng(17);
    const vectors = Float32Array.from({ length: 8 * 40 }, () => normal(random));
    const shard = new Shard(new ReferenceKernels(), plan, vectors);
    const { parameterCount, body, head } = shard.network;
    const parameters = new Float32Array(parameterCount);
    body.initialise(parameters.subarray(0, body.parameterCount), random);
    head.initialise(parameters.subarray(body.parameterCount), random);
    for (let i = 0; i < parameterCount; i++) parameters[i] = parameters[i]! + 0.1 * normal(random);
    const starts = Int32Array.of(0, 9, 20, 31);
    const gradient = new Float32Array(parameterCount);
    shard.setParameters(parameters);
    shard.run(starts, 1, gradient);
    const size = Math.max(...gradient.map(Math.abs));
    expect(size).toBeGreaterThan(1);
    let worst = 0;
    // f32 sums: a step of 2^-8 leaves about three digits.
    for (let i = 0; i < parameterCount; i += 3) {
      const value = parameters[i]!;
      const at = (to: number) => {
        parameters[i] = to;
        shard.setParameters(parameters);
        return shard.run(starts, 1);
      };
      const numeric = (at(value + 1 / 256) - at(value - 1 / 256)) * 128;
      parameters[i] = value;
      worst = Math.max(worst, Math.abs(numeric - gradient[i]!));
    }
    expect(worst / size).toBeLessThan(0.005);
  });
});
