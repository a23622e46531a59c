// An LSTM layer (Hochreiter, Schmidhuber 1997; with forget gates), forward and backward through
// time on the training kernels; the cell's formulas stand in assembly/training/lstm-cell.ts.
//
// Parameters, one array:  W[D x 4H]  U[H x 4H]  b[4H];  x W + h U + b are the gates i, f, g, o.

import type { Prng } from "../lib/prng";
import { normal } from "../model/exact-math";
import type { TrainingKernels } from "./kernels";
import type { QuantisedRow, Trainable, WindowShape } from "./trainable";

/** Forget gates begin open, so that gradients reach back. */
const FORGET_BIAS = 1.5;

export class LstmNetwork implements Trainable {
  readonly parameterCount: number;
  readonly quantisedRows: readonly QuantisedRow[];
  private readonly places: { readonly u: number; readonly b: number };
  private readonly gates: Float32Array;
  private readonly cells: Float32Array;
  private readonly squashed: Float32Array;
  private readonly dGates: Float32Array;
  private readonly dCells: Float32Array;
  private readonly turned: Float32Array;
  /** Zeros: state and cells before the first step. */
  private readonly start: Float32Array;

  constructor(
    private readonly kernels: TrainingKernels,
    readonly inputs: number,
    readonly hidden: number,
    private readonly shape: WindowShape,
  ) {
    const gates = 4 * hidden;
    const u = inputs * gates;
    const b = u + hidden * gates;
    this.places = { u, b };
    this.parameterCount = b + gates;
    this.quantisedRows = Array.from({ length: gates }, (_, gate) => ({
      weights: [
        { offset: gate, stride: gates, length: inputs },
        { offset: u + gate, stride: gates, length: hidden },
      ],
      bias: b + gate,
    }));
    const rows = shape.steps * shape.windows;
    this.gates = kernels.allocate(rows * gates);
    this.cells = kernels.allocate(rows * hidden);
    this.squashed = kernels.allocate(rows * hidden);
    this.dGates = kernels.allocate(rows * gates);
    this.dCells = kernels.allocate(shape.windows * hidden);
    this.turned = kernels.allocate(gates * hidden);
    this.start = kernels.allocate(shape.windows * hidden);
  }

  initialise(parameters: Float32Array, random: Prng): void {
    const { b } = this.places;
    const spread = 1 / Math.sqrt(this.inputs + this.hidden);
    for (let i = 0; i < b; i++) parameters[i] = normal(random) * spread;
    parameters.fill(0, b, this.parameterCount);
    parameters.fill(FORGET_BIAS, b + this.hidden, b + 2 * this.hidden);
  }

  forward(parameters: Float32Array, inputs: Float32Array, hidden: Float32Array): void {
    const { kernels, hidden: units } = this;
    const { steps, windows } = this.shape;
    const { u, b } = this.places;
    const gates = 4 * units;
    const recurrent = parameters.subarray(u, b);
    const rows = steps * windows;
    kernels.product(this.gates, inputs, parameters, rows, this.inputs, gates, false);
    kernels.addRow(this.gates, parameters.subarray(b, b + gates), rows, gates);
    for (let step = 0; step < steps; step++) {
      const now = this.at(this.gates, step, gates);
      if (step > 0) {
        const before = this.at(hidden, step - 1, units);
        kernels.product(now, before, recurrent, windows, units, gates, true);
      }
      kernels.lstmForward(
        now,
        this.before(this.cells, step),
        this.at(this.cells, step, units),
        this.at(this.squashed, step, units),
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
    const { u, b } = this.places;
    const gates = 4 * units;
    kernels.transpose(this.turned, parameters.subarray(u, b), units, gates);
    this.dCells.fill(0);
    for (let step = steps - 1; step >= 0; step--) {
      const dGates = this.at(this.dGates, step, gates);
      kernels.lstmBackward(
        this.at(this.gates, step, gates),
        this.before(this.cells, step),
        this.at(this.squashed, step, units),
        this.at(dHidden, step, units),
        this.dCells,
        dGates,
        windows,
        units,
      );
      if (step === 0) continue;
      const dBefore = this.at(dHidden, step - 1, units);
      kernels.product(dBefore, dGates, this.turned, windows, gates, units, true);
    }
    const rows = steps * windows;
    kernels.productOfTransposed(gradient, inputs, this.dGates, rows, this.inputs, gates);
    // The first step had no state before it.
    const later = this.dGates.subarray(windows * gates);
    const to = gradient.subarray(u, b);
    kernels.productOfTransposed(to, hidden, later, rows - windows, units, gates);
    kernels.addRowSums(gradient.subarray(b, b + gates), this.dGates, rows, gates);
  }

  private at(array: Float32Array, step: number, columns: number): Float32Array {
    const size = this.shape.windows * columns;
    return array.subarray(step * size, (step + 1) * size);
  }

  private before(cells: Float32Array, step: number): Float32Array {
    return step === 0 ? this.start : this.at(cells, step - 1, this.hidden);
  }
}
