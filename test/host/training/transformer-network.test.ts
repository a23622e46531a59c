// The Transformer's training: gradients against finite differences, the forward pass against the
// stream that the quantiser is measured by, and the module's kernels against the plain ones.

import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import { quantiseModel } from "../../../host-tools/src/model/quantise-model";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { FloatTransformerStream } from "../../../host-tools/src/model/float-transformer";
import type { TransformerShape } from "../../../host-tools/src/model/quantised-transformer";
import { FloatRunner } from "../../../host-tools/src/onnx/float-runner";
import { trainForecaster } from "../../../host-tools/src/training/forecaster";
import type { TrainingKernels } from "../../../host-tools/src/training/kernels";
import { ReferenceKernels } from "../../../host-tools/src/training/kernels-reference";
import { WasmKernels } from "../../../host-tools/src/training/kernels-wasm";
import {
  TransformerNetwork,
  exportTransformer,
} from "../../../host-tools/src/training/transformer-network";
import { DoubleKernels } from "./double-kernels";

const WINDOWS = { steps: 12, windows: 4 };
const ROWS = WINDOWS.steps * WINDOWS.windows;

/** A network with parameters, inputs and weights of its loss, all random. */
function setUp(kernels: TrainingKernels, layer: TransformerShape, seed: number, gain = 1) {
  const network = new TransformerNetwork(kernels, layer.inputs, layer.hidden, WINDOWS, layer);
  const random = seededPrng(seed);
  const fill = (array: Float32Array) => {
    for (let i = 0; i < array.length; i++) array[i] = normal(random);
    return array;
  };
  const parameters = kernels.allocate(network.parameterCount);
  network.initialise(parameters, random.fork("weights"));
  for (let i = 0; i < parameters.length; i++) {
    parameters[i] = gain * (parameters[i]! + 0.1 * normal(random));
  }
  return {
    network,
    parameters,
    inputs: fill(kernels.allocate(ROWS * layer.inputs)),
    hidden: kernels.allocate(ROWS * layer.hidden),
    // The loss is the sum of the hidden states times these.
    weights: fill(kernels.allocate(ROWS * layer.hidden)),
    gradient: kernels.allocate(network.parameterCount),
  };
}

type SetUp = ReturnType<typeof setUp>;

function lossOf({ network, parameters, inputs, hidden, weights }: SetUp): number {
  network.forward(parameters, inputs, hidden);
  return hidden.reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

function gradientOf({ network, parameters, inputs, hidden, weights, gradient }: SetUp) {
  network.forward(parameters, inputs, hidden);
  network.backward(parameters, inputs, hidden, weights.slice(), gradient);
  return gradient;
}

const LAYERS: readonly TransformerShape[] = [
  { inputs: 8, hidden: 8, heads: 1, ring: 8, feedForward: 16 },
  { inputs: 16, hidden: 8, heads: 2, ring: 8, feedForward: 32 },
  { inputs: 8, hidden: 16, heads: 4, ring: 16, feedForward: 16 },
];

describe("the Transformer's gradient", () => {
  it.each(LAYERS)("agrees with finite differences in every parameter: %o", (layer) => {
    const set = setUp(new DoubleKernels(), layer, layer.hidden + layer.heads, 1.5);
    const { parameters } = set;
    const gradient = gradientOf(set);
    const step = 1e-6;
    let worst = 0;
    for (let i = 0; i < parameters.length; i++) {
      const value = parameters[i]!;
      parameters[i] = value + step;
      const above = lossOf(set);
      parameters[i] = value - step;
      const below = lossOf(set);
      parameters[i] = value;
      worst = Math.max(worst, Math.abs((above - below) / (2 * step) - gradient[i]!));
    }
    const size = Math.max(...gradient.map(Math.abs));
    expect(size).toBeGreaterThan(0.1);
    expect(worst / size).toBeLessThan(1e-6);
    const used = gradient.filter((value) => value !== 0).length;
    // Ages beyond the window have none, nor have expanded values that are never positive.
    expect(used / gradient.length).toBeGreaterThan(0.9);
  });

  it("is 0 through a value that the norm clamps", () => {
    const layer = { inputs: 8, hidden: 32, heads: 1, ring: 8, feedForward: 16 };
    const set = setUp(new DoubleKernels(), layer, 5);
    // One column of the stream so large that its norm is sqrt(32) but for the clamp.
    const embedBiases = 8 * 32;
    set.parameters[embedBiases + 3] = 500;
    set.weights.fill(0);
    for (let row = 0; row < ROWS; row++) set.weights[row * 32 + 3] = 1;
    expect(lossOf(set)).toBeCloseTo(ROWS, 10);
    expect(gradientOf(set).every((value) => value === 0)).toBe(true);
  });

  it("adds to what is there instead of replacing it", () => {
    const layer = LAYERS[1]!;
    const once = setUp(new ReferenceKernels(), layer, 7);
    const twice = setUp(new ReferenceKernels(), layer, 7);
    gradientOf(once);
    gradientOf(twice);
    gradientOf(twice);
    const size = Math.max(...once.gradient.map(Math.abs));
    once.gradient.forEach((value, i) => {
      expect(Math.abs(twice.gradient[i]! - 2 * value)).toBeLessThan(1e-5 * size);
    });
  });
});

describe("a training of a Transformer", () => {
  const waves = (seed: number) => {
    const random = seededPrng(seed);
    const phase = 6 * random.uniform();
    return Float32Array.from({ length: 600 }, (_, i) => {
      const quarter = (i % 2) * (Math.PI / 2);
      return Math.sin(phase + Math.floor(i / 2) / 3 - quarter) + 0.05 * normal(random);
    });
  };
  const series = [1, 2, 3, 4].map(waves);
  const architecture = "transformer" as const;

  it("predicts a wave to within its noise, and so do the float model and the artifact", () => {
    const { fit, model } = trainForecaster(series, 2, { architecture, hidden: 8, steps: 120 });
    // Targets have unit size; predicting the mean costs about 0.4, the noise alone 0.003.
    expect(fit.validationLoss).toBeLessThan(0.008);
    expect(fit.validationLoss).toBeGreaterThan(0.002);
    if (model.architecture !== "transformer") throw new TypeError(model.architecture);
    const runner = new FloatRunner(model);
    const scorer = new ReferenceScorer(quantiseModel(model, { name: "waves" }));
    const fresh = waves(9);
    let [fromFloats, fromIntegers, apart] = [0, 0, 0];
    for (let i = 0; i < 299; i++) {
      const vector = new Float64Array(8);
      vector.set(fresh.subarray(2 * i, 2 * i + 2));
      const next = runner.step(vector)[0]!;
      scorer.step(Int16Array.from(vector, (value) => Math.round(4096 * value)));
      if (i < 20) continue;
      const rounded = scorer.prediction[0]! / 4096;
      fromFloats += (next - fresh[2 * i + 2]!) ** 2 / 279;
      fromIntegers += (rounded - fresh[2 * i + 2]!) ** 2 / 279;
      apart += (next - rounded) ** 2 / 279;
    }
    expect(Math.sqrt(fromFloats)).toBeLessThan(0.1);
    expect(Math.sqrt(fromIntegers)).toBeLessThan(0.1);
    expect(Math.sqrt(apart)).toBeLessThan(0.005);
    expect(apart).toBeGreaterThan(0);
  });

  it("gives the same bytes with any threads and without the module", () => {
    const options = { architecture, hidden: 8, steps: 4, batch: 64, windowSteps: 16, burnIn: 2 };
    const alone = trainForecaster(series, 2, { ...options, threads: 1 }).fit.parameters;
    expect(trainForecaster(series, 2, { ...options, threads: 3 }).fit.parameters).toEqual(alone);
    const kernels = new ReferenceKernels();
    const plain = trainForecaster(series, 2, { ...options, threads: 1, kernels });
    expect(plain.fit.parameters).toEqual(alone);
  });
});

describe("the Transformer's windows", () => {
  it("give what the layer gives as a stream, each window on its own", () => {
    const set = setUp(new ReferenceKernels(), LAYERS[1]!, 3);
    lossOf(set);
    const layer = exportTransformer(set.parameters, LAYERS[1]!);
    for (let window = 0; window < WINDOWS.windows; window++) {
      const stream = new FloatTransformerStream(layer);
      for (let step = 0; step < WINDOWS.steps; step++) {
        const row = step * WINDOWS.windows + window;
        stream.step(set.inputs.subarray(row * 16, row * 16 + 16));
        stream.hidden.forEach((value, i) => {
          expect(Math.abs(set.hidden[row * 8 + i]! - value)).toBeLessThan(1e-5);
        });
      }
    }
  });

  it("give the same bits with the module's kernels as with the plain ones", () => {
    const outcome = [new WasmKernels(1_000_000), new ReferenceKernels()].map((kernels) => {
      const set = setUp(kernels, LAYERS[2]!, 11);
      gradientOf(set);
      return { hidden: [...set.hidden], gradient: [...set.gradient] };
    });
    expect(outcome[0]).toEqual(outcome[1]);
  });

  it("attend with the same bits at any size of their numbers", () => {
    const shape = { steps: 20, windows: 4, hidden: 16, heads: 2, ring: 8 };
    for (const size of [0.1, 1, 6, 40]) {
      const outcome = [new WasmKernels(100_000), new ReferenceKernels()].map((kernels) => {
        const random = seededPrng(31);
        const [attended, bias, dOut] = [80 * 48, 16, 80 * 16].map((length) => {
          const array = kernels.allocate(length);
          for (let i = 0; i < length; i++) array[i] = size * normal(random);
          return array;
        }) as [Float32Array, Float32Array, Float32Array];
        const [out, shares] = [kernels.allocate(80 * 16), kernels.allocate(80 * 16)];
        const [dAttended, dBias] = [kernels.allocate(80 * 48), kernels.allocate(16)];
        for (let round = 0; round < 2; round++) {
          kernels.attentionForward(out, attended, bias, shares, shape);
          kernels.attentionBackward(dAttended, dBias, dOut, attended, shares, shape);
        }
        return [out, shares, dAttended, dBias].map((array) => [...array]);
      });
      expect(outcome[0]).toEqual(outcome[1]);
    }
  });

  it("share out every row of weights to the rounding of the last phase, none twice", () => {
    const { network } = setUp(new ReferenceKernels(), LAYERS[2]!, 1);
    const seen = new Int32Array(network.parameterCount);
    for (const { weights, bias } of network.quantisedRows) {
      seen[bias!]! += 1;
      for (const { offset, stride, length } of weights) {
        for (let i = 0; i < length; i++) seen[offset + i * stride]! += 1;
      }
    }
    const ageBias = 4 * 16;
    expect([...seen]).toEqual([
      ...new Array(network.parameterCount - ageBias).fill(1),
      ...new Array(ageBias).fill(0),
    ]);
  });
});
