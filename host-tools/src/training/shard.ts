// The gradient of some windows: the unit in which a batch is divided among threads. A batch always
// consists of the same shards and their gradients are added in the same order, so that the number
// of threads changes no bit.

import { type TrainingKernels } from "./kernels";
import { type Network, type TrainingPlan, buildNetwork } from "./training-plan";

export class Shard {
  readonly network: Network;
  private readonly parameters: Float32Array;
  private readonly gradient: Float32Array;
  private readonly inputs: Float32Array;
  private readonly targets: Float32Array;
  private readonly hidden: Float32Array;
  private readonly dHidden: Float32Array;

  /** @param vectors all series, one vector of `plan.inputs` after the other */
  constructor(
    kernels: TrainingKernels,
    private readonly plan: TrainingPlan,
    private readonly vectors: Float32Array,
  ) {
    this.network = buildNetwork(kernels, plan);
    const { inputs, hidden, shape } = plan;
    const rows = shape.steps * shape.windows;
    this.parameters = kernels.allocate(roundUp(this.network.parameterCount));
    this.gradient = kernels.allocate(roundUp(this.network.parameterCount));
    this.inputs = kernels.allocate(rows * inputs);
    this.targets = kernels.allocate(rows * this.network.head.columns);
    this.hidden = kernels.allocate(rows * hidden);
    this.dHidden = kernels.allocate(rows * hidden);
  }

  setParameters(parameters: Float32Array): void {
    this.parameters.set(parameters);
  }

  /**
   * Sum of the losses of the windows that begin at the given vectors.
   * @param share weight of one output of one step of one window in the gradient
   * @param gradient written, not added to; undefined when only the loss is wanted
   */
  run(starts: Int32Array, share: number, gradient?: Float32Array): number {
    this.cut(starts);
    const { body, head, parameterCount } = this.network;
    const { parameters, inputs, targets, hidden, dHidden } = this;
    const headParameters = parameters.subarray(body.parameterCount);
    body.forward(parameters, inputs, hidden);
    const { burnIn } = this.plan;
    const loss = head.forward(headParameters, inputs, hidden, targets, burnIn, share);
    if (gradient === undefined) return loss;
    this.gradient.fill(0);
    const headGradient = this.gradient.subarray(body.parameterCount);
    head.backward(headParameters, inputs, hidden, dHidden, headGradient);
    body.backward(parameters, inputs, hidden, dHidden, this.gradient);
    gradient.set(this.gradient.subarray(0, parameterCount));
    return loss;
  }

  /** Copies the windows' inputs and targets into place. */
  private cut(starts: Int32Array): void {
    const { inputs: width, shape } = this.plan;
    for (let step = 0; step < shape.steps; step++) {
      for (let window = 0; window < shape.windows; window++) {
        const row = step * shape.windows + window;
        const from = (starts[window]! + step) * width;
        for (let i = 0; i < width; i++) this.inputs[row * width + i] = this.vectors[from + i]!;
        this.aim(row * this.network.head.columns, from);
      }
    }
  }

  /** Writes what the outputs should say after the vector at `from`. */
  private aim(at: number, from: number): void {
    const { outputs, targetScales, inputs } = this.plan;
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i]!;
      const next = this.vectors[from + inputs + output.feature]!;
      if (output.kind === "logit") {
        const share = (next - output.zero) / (output.one - output.zero);
        this.targets[at + i] = Math.max(0, Math.min(1, share));
      } else {
        const now = output.carry ? this.vectors[from + output.feature]! : 0;
        this.targets[at + i] = (next - now) * targetScales[i]!;
      }
    }
  }
}

/** Up to whole SIMD registers. */
function roundUp(length: number): number {
  return Math.ceil(length / 4) * 4;
}
