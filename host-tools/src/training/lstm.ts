// The scorer's LSTM in doubles: forward, loss and gradients by backpropagation through time. Plain
// loops and no tensor library: the model is small, and a rebuild must give the same bytes anywhere.
//
//   z = W [x; h] + b,  i, f, o = sigmoid,  g = tanh
//   c' = f c + i g,  h' = o tanh(c'),  y = V h' + d      (gate rows in the order i, f, g, o)
//   loss = mean over counted steps and outputs of huber(y - target)

import type { Prng } from "../lib/prng";
import { normal, sigmoid, tanh } from "../model/exact-math";

export interface LstmShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

/** All parameters in one array, so that an optimiser needs no structure. */
export class LstmModel {
  readonly values: Float64Array;
  readonly gateWeights: Float64Array;
  readonly gateBiases: Float64Array;
  readonly outputWeights: Float64Array;
  readonly outputBiases: Float64Array;

  constructor(
    readonly shape: LstmShape,
    values?: Float64Array,
  ) {
    const { inputs, hidden, outputs } = shape;
    const sizes = [4 * hidden * (inputs + hidden), 4 * hidden, outputs * hidden, outputs];
    this.values = values ?? new Float64Array(sizes.reduce((a, b) => a + b, 0));
    let at = 0;
    const take = (size: number) => this.values.subarray(at, (at += size));
    this.gateWeights = take(sizes[0]!);
    this.gateBiases = take(sizes[1]!);
    this.outputWeights = take(sizes[2]!);
    this.outputBiases = take(sizes[3]!);
  }

  /** Small random weights; forget gates begin open, so that gradients reach back. */
  static random(shape: LstmShape, random: Prng): LstmModel {
    const model = new LstmModel(shape);
    const spread = 1 / Math.sqrt(shape.inputs + shape.hidden);
    for (let i = 0; i < model.gateWeights.length; i++)
      model.gateWeights[i] = normal(random) * spread;
    const outputSpread = 0.5 / Math.sqrt(shape.hidden);
    for (let i = 0; i < model.outputWeights.length; i++) {
      model.outputWeights[i] = normal(random) * outputSpread;
    }
    model.gateBiases.fill(1.5, shape.hidden, 2 * shape.hidden);
    return model;
  }

  clone(): LstmModel {
    return new LstmModel(this.shape, this.values.slice());
  }
}

/** Consecutive steps of one route. */
export interface LstmWindow {
  /** steps * inputs. */
  readonly inputs: Float64Array;
  /** steps * outputs; what the prediction after each step should have been. */
  readonly targets: Float64Array;
  readonly steps: number;
  /** Steps at the start that only warm the state up. */
  readonly burnIn: number;
}

/** Buffers of one window's pass, reused between windows. */
export class LstmTape {
  /** Activated gates i, f, g, o of every step. */
  readonly gates: Float64Array;
  /** Cell and hidden state; row 0 is before the first step. */
  readonly cells: Float64Array;
  readonly hiddens: Float64Array;
  /** tanh of the cell. */
  readonly squashed: Float64Array;
  readonly outputs: Float64Array;

  constructor({ hidden, outputs }: LstmShape, steps: number) {
    this.gates = new Float64Array(4 * hidden * steps);
    this.cells = new Float64Array(hidden * (steps + 1));
    this.hiddens = new Float64Array(hidden * (steps + 1));
    this.squashed = new Float64Array(hidden * (steps + 1));
    this.outputs = new Float64Array(outputs * steps);
  }
}

/** Runs the model over a window from a zero state; the tape holds everything afterwards. */
export function forward(model: LstmModel, window: LstmWindow, tape: LstmTape): void {
  const { inputs, hidden, outputs } = model.shape;
  const { gates, cells, hiddens, squashed } = tape;
  cells.fill(0, 0, hidden);
  hiddens.fill(0, 0, hidden);
  for (let step = 0; step < window.steps; step++) {
    const before = step * hidden;
    const after = before + hidden;
    const gate = step * 4 * hidden;
    affineGates(model, window.inputs, step * inputs, hiddens, before, gates, gate);
    for (let unit = 0; unit < hidden; unit++) {
      const i = (gates[gate + unit] = sigmoid(gates[gate + unit]!));
      const f = (gates[gate + hidden + unit] = sigmoid(gates[gate + hidden + unit]!));
      const g = (gates[gate + 2 * hidden + unit] = tanh(gates[gate + 2 * hidden + unit]!));
      const o = (gates[gate + 3 * hidden + unit] = sigmoid(gates[gate + 3 * hidden + unit]!));
      const cell = f * cells[before + unit]! + i * g;
      cells[after + unit] = cell;
      const squash = tanh(cell);
      squashed[after + unit] = squash;
      hiddens[after + unit] = o * squash;
    }
    for (let output = 0; output < outputs; output++) {
      const base = output * hidden;
      let sum = model.outputBiases[output]!;
      for (let unit = 0; unit < hidden; unit++) {
        sum += model.outputWeights[base + unit]! * hiddens[after + unit]!;
      }
      tape.outputs[step * outputs + output] = sum;
    }
  }
}

function affineGates(
  model: LstmModel,
  x: Float64Array,
  xAt: number,
  h: Float64Array,
  hAt: number,
  out: Float64Array,
  outAt: number,
): void {
  const { inputs, hidden } = model.shape;
  const { gateWeights: weights, gateBiases: biases } = model;
  let at = 0;
  for (let row = 0; row < 4 * hidden; row++) {
    let even = biases[row]!;
    let odd = 0;
    for (let i = 0; i < inputs; i += 2) {
      even += weights[at]! * x[xAt + i]!;
      odd += weights[at + 1]! * x[xAt + i + 1]!;
      at += 2;
    }
    for (let i = 0; i < hidden; i += 2) {
      even += weights[at]! * h[hAt + i]!;
      odd += weights[at + 1]! * h[hAt + i + 1]!;
      at += 2;
    }
    out[outAt + row] = even + odd;
  }
}

/** Huber loss with the corner at 1. */
export function huber(error: number): number {
  const size = Math.abs(error);
  return size <= 1 ? 0.5 * error * error : size - 0.5;
}

/** Mean Huber loss of the counted steps after forward(). */
export function windowLoss(model: LstmModel, window: LstmWindow, tape: LstmTape): number {
  const { outputs } = model.shape;
  let sum = 0;
  for (let i = window.burnIn * outputs; i < window.steps * outputs; i++) {
    sum += huber(tape.outputs[i]! - window.targets[i]!);
  }
  return sum / ((window.steps - window.burnIn) * outputs);
}

/**
 * Adds the gradient of windowLoss after forward().
 * @param gradient same layout as the model
 */
export function backward(
  model: LstmModel,
  window: LstmWindow,
  tape: LstmTape,
  gradient: LstmModel,
): void {
  const { inputs, hidden, outputs } = model.shape;
  const columns = inputs + hidden;
  const share = 1 / ((window.steps - window.burnIn) * outputs);
  const dHidden = new Float64Array(hidden);
  const dCell = new Float64Array(hidden);
  const dGates = new Float64Array(4 * hidden);
  for (let step = window.steps - 1; step >= 0; step--) {
    const after = (step + 1) * hidden;
    if (step >= window.burnIn) backOutputs(model, window, tape, gradient, step, share, dHidden);
    backCell(tape, step, hidden, dHidden, dCell, dGates);
    dHidden.fill(0);
    for (let row = 0; row < 4 * hidden; row++) {
      const d = dGates[row]!;
      gradient.gateBiases[row] = gradient.gateBiases[row]! + d;
      const base = row * columns;
      const xAt = step * inputs;
      for (let i = 0; i < inputs; i++) {
        gradient.gateWeights[base + i] =
          gradient.gateWeights[base + i]! + d * window.inputs[xAt + i]!;
      }
      const hBase = base + inputs;
      const hAt = after - hidden;
      for (let i = 0; i < hidden; i++) {
        gradient.gateWeights[hBase + i] =
          gradient.gateWeights[hBase + i]! + d * tape.hiddens[hAt + i]!;
        dHidden[i] = dHidden[i]! + d * model.gateWeights[hBase + i]!;
      }
    }
  }
}

/** From the loss at a step to its hidden state. */
function backOutputs(
  model: LstmModel,
  window: LstmWindow,
  tape: LstmTape,
  gradient: LstmModel,
  step: number,
  share: number,
  dHidden: Float64Array,
): void {
  const { hidden, outputs } = model.shape;
  const after = (step + 1) * hidden;
  for (let output = 0; output < outputs; output++) {
    const at = step * outputs + output;
    const error = tape.outputs[at]! - window.targets[at]!;
    const d = share * Math.max(-1, Math.min(1, error));
    gradient.outputBiases[output] = gradient.outputBiases[output]! + d;
    const base = output * hidden;
    for (let unit = 0; unit < hidden; unit++) {
      const h = tape.hiddens[after + unit]!;
      gradient.outputWeights[base + unit] = gradient.outputWeights[base + unit]! + d * h;
      dHidden[unit] = dHidden[unit]! + d * model.outputWeights[base + unit]!;
    }
  }
}

/** From hidden and cell gradients to the gates before activation; leaves the previous cell's. */
function backCell(
  tape: LstmTape,
  step: number,
  hidden: number,
  dHidden: Float64Array,
  dCell: Float64Array,
  dGates: Float64Array,
): void {
  const gate = step * 4 * hidden;
  const before = step * hidden;
  for (let unit = 0; unit < hidden; unit++) {
    const i = tape.gates[gate + unit]!;
    const f = tape.gates[gate + hidden + unit]!;
    const g = tape.gates[gate + 2 * hidden + unit]!;
    const o = tape.gates[gate + 3 * hidden + unit]!;
    const squash = tape.squashed[before + hidden + unit]!;
    const dh = dHidden[unit]!;
    const dc = dCell[unit]! + dh * o * (1 - squash * squash);
    dGates[unit] = dc * g * i * (1 - i);
    dGates[hidden + unit] = dc * tape.cells[before + unit]! * f * (1 - f);
    dGates[2 * hidden + unit] = dc * i * (1 - g * g);
    dGates[3 * hidden + unit] = dh * squash * o * (1 - o);
    dCell[unit] = dc * f;
  }
}
