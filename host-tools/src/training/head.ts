// The linear layer from inputs and hidden states to the outputs, and the loss: y = [x; h] V + d. The
// way around the network (from x) costs a few weights and measurably helps: what a linear model can
// say need not be squeezed through the hidden state.
//
// Parameters:  V[(D + H) x O]  d[O], O rounded up to a multiple of 8; padding columns stay zero.

import type { Prng } from "../lib/prng";
import { normal } from "../model/exact-math";
import type { FloatOutput } from "../model/float-model";
import { COLUMN_BLOCK, type TrainingKernels } from "./kernels";
import { LossKind } from "./loss-kind";
import type { QuantisedRow, WindowShape } from "./trainable";

const KINDS = {
  value: LossKind.Value,
  quantile: LossKind.Quantile,
  logit: LossKind.Logit,
} as const;

/** Outputs with the padding. */
export function paddedColumns(outputs: number): number {
  return Math.ceil(outputs / COLUMN_BLOCK) * COLUMN_BLOCK;
}

export class Head {
  readonly columns: number;
  readonly parameterCount: number;
  private readonly kinds: Int32Array;
  private readonly levels: Float32Array;
  private readonly y: Float32Array;
  private readonly dY: Float32Array;
  private readonly turned: Float32Array;

  constructor(
    private readonly kernels: TrainingKernels,
    private readonly inputs: number,
    private readonly hidden: number,
    private readonly outputs: readonly FloatOutput[],
    private readonly shape: WindowShape,
  ) {
    this.columns = paddedColumns(outputs.length);
    this.parameterCount = (inputs + hidden + 1) * this.columns;
    const rows = shape.steps * shape.windows;
    this.kinds = kernels.allocateIntegers(this.columns);
    this.levels = kernels.allocate(this.columns);
    outputs.forEach((output, i) => {
      this.kinds[i] = KINDS[output.kind];
      this.levels[i] = output.kind === "quantile" ? output.tau : 0;
    });
    this.y = kernels.allocate(rows * this.columns);
    this.dY = kernels.allocate(rows * this.columns);
    this.turned = kernels.allocate(hidden * this.columns);
  }

  /** @param at where the head's parameters begin */
  quantisedRows(at: number): QuantisedRow[] {
    const { columns } = this;
    const length = this.inputs + this.hidden;
    return this.outputs.map((_, output) => ({
      weights: [{ offset: at + output, stride: columns, length }],
      bias: at + length * columns + output,
    }));
  }

  initialise(parameters: Float32Array, random: Prng): void {
    parameters.fill(0);
    const spread = 0.5 / Math.sqrt(this.hidden);
    for (let row = this.inputs; row < this.inputs + this.hidden; row++) {
      for (let i = 0; i < this.outputs.length; i++) {
        parameters[row * this.columns + i] = normal(random) * spread;
      }
    }
  }

  /**
   * Outputs, loss and the loss's derivative by the outputs, which backward takes from here.
   * @param targets [steps][windows][columns]
   * @param burnIn steps at the start that do not count
   * @param share weight of one output of one counted step of one window in the derivative
   * @returns the sum of the losses over counted steps, windows and outputs
   */
  forward(
    parameters: Float32Array,
    inputs: Float32Array,
    hidden: Float32Array,
    targets: Float32Array,
    burnIn: number,
    share: number,
  ): number {
    const { kernels, columns, y, dY } = this;
    const rows = this.shape.steps * this.shape.windows;
    const split = this.inputs * columns;
    const fromHidden = parameters.subarray(split);
    const biases = parameters.subarray((this.inputs + this.hidden) * columns);
    kernels.product(y, inputs, parameters, rows, this.inputs, columns, false);
    kernels.product(y, hidden, fromHidden, rows, this.hidden, columns, true);
    kernels.addRow(y, biases, rows, columns);
    const silent = burnIn * this.shape.windows;
    const from = silent * columns;
    dY.fill(0, 0, from);
    return kernels.lossAndDerivative(
      y.subarray(from),
      targets.subarray(from),
      dY.subarray(from),
      this.kinds,
      this.levels,
      rows - silent,
      columns,
      share,
    );
  }

  /** Adds to the gradient and writes the derivative by the hidden states. */
  backward(
    parameters: Float32Array,
    inputs: Float32Array,
    hidden: Float32Array,
    dHidden: Float32Array,
    gradient: Float32Array,
  ): void {
    const { kernels, columns, dY } = this;
    const rows = this.shape.steps * this.shape.windows;
    const split = this.inputs * columns;
    const biasesAt = (this.inputs + this.hidden) * columns;
    kernels.productOfTransposed(gradient, inputs, dY, rows, this.inputs, columns);
    kernels.productOfTransposed(gradient.subarray(split), hidden, dY, rows, this.hidden, columns);
    kernels.addRowSums(gradient.subarray(biasesAt), dY, rows, columns);
    kernels.transpose(this.turned, parameters.subarray(split), this.hidden, columns);
    kernels.product(dHidden, dY, this.turned, rows, columns, this.hidden, false);
  }
}
