// The training kernels in plain TypeScript: one number at a time, every operation rounded to f32
// where the module rounds it. Judge of the module in tests, and the measure of its speed-up; written
// from the formulas at the head of the files in assembly/training/, not from their loops.

import { type AttentionShape, attentionBackward, attentionForward } from "./attention-reference";
import type { TrainingKernels } from "./kernels";
import { LossKind } from "./loss-kind";

const f32 = Math.fround;

const EXPONENT_MAX = 80;
const LOG2_E = f32(1.44269504);
const LN2_HIGH = f32(0.693359375);
const LN2_LOW = f32(-0.00021219444);
const ROUNDER = 12582912;
/** 1 / n!, n from 7 down to 0. */
const SERIES = [5040, 720, 120, 24, 6, 2, 1, 1].map((factorial) => f32(1 / factorial));

/** e to the x, for f32. */
export function exponential(x: number): number {
  const clamped = Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, x));
  const n = f32(f32(f32(clamped * LOG2_E) + ROUNDER) - ROUNDER);
  const r = f32(f32(clamped - f32(n * LN2_HIGH)) - f32(n * LN2_LOW));
  let sum = SERIES[0]!;
  for (let i = 1; i < SERIES.length; i++) sum = f32(f32(sum * r) + SERIES[i]!);
  return f32(sum * 2 ** n);
}

/** 1 / (1 + e^-x), for f32. */
export function logistic(x: number): number {
  return f32(1 / f32(1 + exponential(-x)));
}

/** tanh x, for f32. */
export function tangent(x: number): number {
  const doubled = logistic(f32(x + x));
  return f32(f32(doubled + doubled) - 1);
}

/** Attention's arithmetic as the module has it. */
const SINGLE = { round: f32, exponential };

function throughLogistic(value: number, d: number): number {
  return f32(d * f32(value * f32(1 - value)));
}

function throughTangent(value: number, d: number): number {
  return f32(d * f32(1 - f32(value * value)));
}

/** log(1 + e^-|y|), double. */
function softTail(y: number): number {
  const small = logistic(Math.abs(y));
  const e = (1 - small) / small;
  const s = e / (2 + e);
  let sum = 0;
  for (let n = 17; n >= 1; n -= 2) sum = 1 / n + s * s * sum;
  return 2 * s * sum;
}

export class ReferenceKernels implements TrainingKernels {
  allocate(length: number): Float32Array {
    return new Float32Array(length);
  }

  allocateIntegers(length: number): Int32Array {
    return new Int32Array(length);
  }

  product(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    m: number,
    k: number,
    n: number,
    adds: boolean,
  ): void {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = adds ? out[row * n + column]! : 0;
        for (let i = 0; i < k; i++) sum = f32(sum + f32(a[row * k + i]! * b[i * n + column]!));
        out[row * n + column] = sum;
      }
    }
  }

  productOfTransposed(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    k: number,
    m: number,
    n: number,
  ): void {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = out[row * n + column]!;
        for (let i = 0; i < k; i++) sum = f32(sum + f32(a[i * m + row]! * b[i * n + column]!));
        out[row * n + column] = sum;
      }
    }
  }

  transpose(out: Float32Array, a: Float32Array, m: number, n: number): void {
    for (let i = 0; i < m * n; i++) out[(i % n) * m + Math.floor(i / n)] = a[i]!;
  }

  addRow(a: Float32Array, row: Float32Array, m: number, n: number): void {
    for (let i = 0; i < m * n; i++) a[i] = a[i]! + row[i % n]!;
  }

  addRowSums(out: Float32Array, a: Float32Array, m: number, n: number): void {
    for (let i = 0; i < m * n; i++) out[i % n] = out[i % n]! + a[i]!;
  }

  addInto(out: Float32Array, a: Float32Array, n: number): void {
    for (let i = 0; i < n; i++) out[i] = out[i]! + a[i]!;
  }

  lstmForward(
    gates: Float32Array,
    before: Float32Array,
    cells: Float32Array,
    squashed: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void {
    for (let at = 0; at < batch * units; at++) {
      const gate = 4 * units * Math.floor(at / units) + (at % units);
      const i = (gates[gate] = logistic(gates[gate]!));
      const f = (gates[gate + units] = logistic(gates[gate + units]!));
      const g = (gates[gate + 2 * units] = tangent(gates[gate + 2 * units]!));
      const o = (gates[gate + 3 * units] = logistic(gates[gate + 3 * units]!));
      const cell = f32(f32(f * before[at]!) + f32(i * g));
      cells[at] = cell;
      squashed[at] = tangent(cell);
      hidden[at] = o * squashed[at]!;
    }
  }

  lstmBackward(
    gates: Float32Array,
    before: Float32Array,
    squashed: Float32Array,
    dHidden: Float32Array,
    dCells: Float32Array,
    dGates: Float32Array,
    batch: number,
    units: number,
  ): void {
    for (let at = 0; at < batch * units; at++) {
      const gate = 4 * units * Math.floor(at / units) + (at % units);
      const [i, f] = [gates[gate]!, gates[gate + units]!];
      const [g, o] = [gates[gate + 2 * units]!, gates[gate + 3 * units]!];
      const dh = dHidden[at]!;
      const dc = f32(dCells[at]! + throughTangent(squashed[at]!, f32(dh * o)));
      dGates[gate] = throughLogistic(i, f32(dc * g));
      dGates[gate + units] = throughLogistic(f, f32(dc * before[at]!));
      dGates[gate + 2 * units] = throughTangent(g, f32(dc * i));
      dGates[gate + 3 * units] = throughLogistic(o, f32(dh * squashed[at]!));
      dCells[at] = dc * f;
    }
  }

  gruForward(
    fromInputs: Float32Array,
    fromHidden: Float32Array,
    before: Float32Array,
    tape: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void {
    for (let at = 0; at < batch * units; at++) {
      const [row, unit] = [Math.floor(at / units), at % units];
      const sum = 3 * units * row + unit;
      const out = 4 * units * row + unit;
      const r = logistic(f32(fromInputs[sum]! + fromHidden[sum]!));
      const u = logistic(f32(fromInputs[sum + units]! + fromHidden[sum + units]!));
      const recurrent = fromHidden[sum + 2 * units]!;
      const n = tangent(f32(fromInputs[sum + 2 * units]! + f32(r * recurrent)));
      tape[out] = r;
      tape[out + units] = u;
      tape[out + 2 * units] = n;
      tape[out + 3 * units] = recurrent;
      hidden[at] = n + f32(u * f32(before[at]! - n));
    }
  }

  gruBackward(
    tape: Float32Array,
    before: Float32Array,
    dHidden: Float32Array,
    dInputs: Float32Array,
    dRecurrent: Float32Array,
    batch: number,
    units: number,
  ): void {
    for (let at = 0; at < batch * units; at++) {
      const [row, unit] = [Math.floor(at / units), at % units];
      const out = 3 * units * row + unit;
      const kept = 4 * units * row + unit;
      const [r, u] = [tape[kept]!, tape[kept + units]!];
      const [n, recurrent] = [tape[kept + 2 * units]!, tape[kept + 3 * units]!];
      const dh = dHidden[at]!;
      const rest = f32(1 - u);
      const dn = f32(f32(dh * rest) * f32(1 - f32(n * n)));
      const du = f32(f32(dh * f32(before[at]! - n)) * f32(u * rest));
      const dr = f32(f32(dn * recurrent) * f32(r * f32(1 - r)));
      dHidden[at] = dh * u;
      dInputs[out] = dRecurrent[out] = dr;
      dInputs[out + units] = dRecurrent[out + units] = du;
      dInputs[out + 2 * units] = dn;
      dRecurrent[out + 2 * units] = dn * r;
    }
  }

  attentionForward(
    out: Float32Array,
    attended: Float32Array,
    bias: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void {
    attentionForward(SINGLE, out, attended, bias, shares, shape);
  }

  attentionBackward(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void {
    attentionBackward(SINGLE, dAttended, dBias, dOut, attended, shares, shape);
  }

  lossAndDerivative(
    y: Float32Array,
    targets: Float32Array,
    d: Float32Array,
    kinds: Int32Array,
    levels: Float32Array,
    rows: number,
    columns: number,
    share: number,
  ): number {
    let sum = 0;
    for (let at = 0; at < rows * columns; at++) {
      const kind = kinds[at % columns]!;
      const { loss, slope } = lossOf(kind, y[at]!, targets[at]!, levels[at % columns]!);
      sum += loss;
      d[at] = f32(share) * slope;
    }
    return sum;
  }

  sumOfSquares(a: Float32Array, n: number): number {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a[i]! * a[i]!;
    return sum;
  }

  adamStep(
    values: Float32Array,
    gradient: Float32Array,
    means: Float32Array,
    squares: Float32Array,
    n: number,
    rate: number,
    factor: number,
    meanFactor: number,
    squareFactor: number,
  ): void {
    for (let i = 0; i < n; i++) {
      const g = f32(gradient[i]! * f32(factor));
      const mean = f32(f32(f32(0.9) * means[i]!) + f32(f32(0.1) * g));
      const square = f32(f32(f32(0.999) * squares[i]!) + f32(f32(0.001) * f32(g * g)));
      means[i] = mean;
      squares[i] = square;
      const size = f32(Math.sqrt(f32(square * f32(squareFactor))));
      const step = f32(f32(mean * f32(meanFactor)) * f32(rate));
      values[i] = values[i]! - f32(step / f32(size + f32(1e-8)));
    }
  }
}

/** One output's loss (double) and its slope by the output (f32). */
function lossOf(
  kind: number,
  y: number,
  target: number,
  level: number,
): { readonly loss: number; readonly slope: number } {
  switch (kind) {
    case LossKind.Value: {
      const error = f32(y - target);
      const size = Math.abs(error);
      const loss = size <= 1 ? 0.5 * error * error : size - 0.5;
      return { loss, slope: Math.max(-1, Math.min(1, error)) };
    }
    case LossKind.Quantile: {
      const error = f32(target - y);
      const slope = error > 0 ? -level : f32(1 - level);
      return { loss: -(error * slope), slope };
    }
    case LossKind.Logit: {
      const hinge = f32(Math.max(0, y) - f32(target * y));
      return { loss: hinge + softTail(y), slope: f32(logistic(y) - target) };
    }
    default:
      return { loss: 0, slope: 0 };
  }
}
