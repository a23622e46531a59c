// A GRU layer (Cho et al. 2014) that resets after the product, forward and backward through time on
// the training kernels; the cell's formulas stand in assembly/training/gru-cell.ts.
//
// Parameters, one array:  W[D x 3H]  U[H x 3H]  b[3H]  c[H]
//   x W + b and h U (+ c in the last H) are the sums of the gates r, u, n.

import type { Prng } from "../lib/prng";
import { normal } from "../model/exact-math";
import type { TrainingKernels } from "./kernels";
import type { ParameterRun, QuantisedRow, Trainable, WindowShape } from "./trainable";

/** Update gates begin mostly closed: a state lasts for some steps, and gradients reach back. */
const UPDATE_BIAS = 1;

export class GruNetwork implements Trainable {
  readonly parameterCount: number;
  readonly quantisedRows: readonly QuantisedRow[];
  private readonly places: { readonly u: number; readonly b: number; readonly c: number };
  private readonly fromInputs: Float32Array;
  private readonly fromHidden: Float32Array;
  private readonly tape: Float32Array;
  private readonly dInputs: Float32Array;
  private readonly dRecurrent: Float32Array;
  private readonly turned: Float32Array;
  /** Zeros: the state before the first step. */
  private readonly start: Float32Array;
  /** Biases of the sums from the states: zero for r and u. */
  private readonly hiddenBiases: Float32Array;
  private readonly biasSums: Float32Array;

  constructor(
    private readonly kernels: TrainingKernels,
    readonly inputs: number,
    readonly hidden: number,
    private readonly shape: WindowShape,
  ) {
    const gates = 3 * hidden;
    const u = inputs * gates;
    const b = u + hidden * gates;
    this.places = { u, b, c: b + gates };
    this.parameterCount = b + gates + hidden;
    this.quantisedRows = quantisedRows(inputs, hidden, this.places);
    const rows = shape.steps * shape.windows;
    this.fromInputs = kernels.allocate(rows * gates);
    this.fromHidden = kernels.allocate(shape.windows * gates);
    this.tape = kernels.allocate(rows * 4 * hidden);
    this.dInputs = kernels.allocate(rows * gates);
    this.dRecurrent = kernels.allocate(rows * gates);
    this.turned = kernels.allocate(gates * hidden);
    this.start = kernels.allocate(shape.windows * hidden);
    this.hiddenBiases = kernels.allocate(gates);
    this.biasSums = kernels.allocate(gates);
  }

  initialise(parameters: Float32Array, random: Prng): void {
    const { b } = this.places;
    const spread = 1 / Math.sqrt(this.inputs + this.hidden);
    for (let i = 0; i < b; i++) parameters[i] = normal(random) * spread;
    parameters.fill(0, b, this.parameterCount);
    parameters.fill(UPDATE_BIAS, b + this.hidden, b + 2 * this.hidden);
  }

  forward(parameters: Float32Array, inputs: Float32Array, hidden: Float32Array): void {
    const { kernels, hidden: units } = this;
    const { steps, windows } = this.shape;
    const { u, b, c } = this.places;
    const gates = 3 * units;
    const recurrent = parameters.subarray(u, b);
    this.hiddenBiases.set(parameters.subarray(c, c + units), 2 * units);
    const rows = steps * windows;
    kernels.product(this.fromInputs, inputs, parameters, rows, this.inputs, gates, false);
    kernels.addRow(this.fromInputs, parameters.subarray(b, c), rows, gates);
    for (let step = 0; step < steps; step++) {
      const before = this.before(hidden, step);
      kernels.product(this.fromHidden, before, recurrent, windows, units, gates, false);
      kernels.addRow(this.fromHidden, this.hiddenBiases, windows, gates);
      kernels.gruForward(
        this.at(this.fromInputs, step, gates),
        this.fromHidden,
        before,
        this.at(this.tape, step, 4 * units),
        this.at(hidden, step, units),
        windows,
        units,
      );
    }
  }

  backward(
    parameters: Float32Array,
    inputs: Float32Array,
    hidden: Float32Array,
    dHidden: Float32Array,
    gradient: Float32Array,
  ): void {
    const { kernels, hidden: units } = this;
    const { steps, windows } = this.shape;
    const { u, b, c } = this.places;
    const gates = 3 * units;
    kernels.transpose(this.turned, parameters.subarray(u, b), units, gates);
    for (let step = steps - 1; step >= 0; step--) {
      const dState = this.at(dHidden, step, units);
      const dRecurrent = this.at(this.dRecurrent, step, gates);
      kernels.gruBackward(
        this.at(this.tape, step, 4 * units),
        this.before(hidden, step),
        dState,
        this.at(this.dInputs, step, gates),
        dRecurrent,
        windows,
        units,
      );
      if (step === 0) continue;
      const dBefore = this.at(dHidden, step - 1, units);
      kernels.addInto(dBefore, dState, windows * units);
      kernels.product(dBefore, dRecurrent, this.turned, windows, gates, units, true);
    }
    const rows = steps * windows;
    kernels.productOfTransposed(gradient, inputs, this.dInputs, rows, this.inputs, gates);
    // The first step had no state before it.
    const later = this.dRecurrent.subarray(windows * gates);
    const to = gradient.subarray(u, b);
    kernels.productOfTransposed(to, hidden, later, rows - windows, units, gates);
    kernels.addRowSums(gradient.subarray(b, c), this.dInputs, rows, gates);
    this.biasSums.fill(0);
    kernels.addRowSums(this.biasSums, this.dRecurrent, rows, gates);
    kernels.addInto(gradient.subarray(c, c + units), this.biasSums.subarray(2 * units), units);
  }

  private at(array: Float32Array, step: number, columns: number): Float32Array {
    const size = this.shape.windows * columns;
    return array.subarray(step * size, (step + 1) * size);
  }

  private before(hidden: Float32Array, step: number): Float32Array {
    return step === 0 ? this.start : this.at(hidden, step - 1, this.hidden);
  }
}

/** Gates r and u are one row over inputs and state; the candidate's two sums are apart. */
function quantisedRows(
  inputs: number,
  hidden: number,
  { u, b, c }: { readonly u: number; readonly b: number; readonly c: number },
): QuantisedRow[] {
  const stride = 3 * hidden;
  const rows: QuantisedRow[] = [];
  for (let gate = 0; gate < stride; gate++) {
    const fromInputs: ParameterRun = { offset: gate, stride, length: inputs };
    const fromHidden: ParameterRun = { offset: u + gate, stride, length: hidden };
    if (gate < 2 * hidden) rows.push({ weights: [fromInputs, fromHidden], bias: b + gate });
    else {
      rows.push({ weights: [fromInputs], bias: b + gate });
      rows.push({ weights: [fromHidden], bias: c + gate - 2 * hidden });
    }
  }
  return rows;
}
