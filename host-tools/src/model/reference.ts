// The scorer once more, in TypeScript: the judge of the filter's kernels. Written from the layout's
// rules and not from the kernels: row-major weights, one number at a time, doubles that stay exact
// instead of 64-bit integers. Every score must agree bit for bit.

import {
  DRIFT_CAP_Q8,
  HIDDEN_MAX,
  RATIO_MAX_Q8,
  RESIDUAL_CAP_Q8,
  SCALE_CLIP,
  SCALE_SHIFT,
  paddedOutputs,
} from "../contract";
import { activationTable, multiplyQ15, PIECES } from "./activation-table";
import type { QuantisedMatrix, ScorerArtifact } from "./scorer-artifact";

const TABLE = activationTable();

/** Saturates to int16. */
export function saturate16(value: number): number {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : value;
}

/**
 * floor((sum * multiplier + 2^(shift - 1)) / 2^shift), saturated to int16. The product has up to 62
 * bits; the multiplier is taken in two parts so that every double on the way is an exact integer.
 * @param shift in [31, 60]
 */
export function requantise(sum: number, multiplier: number, shift: number): number {
  const high = Math.floor(multiplier / 65536);
  const low = multiplier - high * 65536;
  const upper = sum * high + Math.floor((sum * low) / 65536) + 2 ** (shift - 17);
  return saturate16(Math.floor(upper / 2 ** (shift - 16)));
}

/** sigmoid(z) - 1/2, Q12 to Q16. */
function odd(z: number): number {
  const magnitude = Math.min(Math.abs(z), 32767);
  const piece = magnitude >> 12;
  const t = (magnitude & 4095) << 3;
  let y = 0;
  for (let power = 3; power >= 1; power--) {
    y = multiplyQ15(y + TABLE[power * PIECES + piece]!, t);
  }
  y += TABLE[piece]!;
  return z < 0 ? -y : y;
}

/** Logistic function, Q12 to Q15. */
export function sigmoidQ15(z: number): number {
  return 16384 + ((odd(z) + 1) >> 1);
}

/** Hyperbolic tangent, Q12 to Q15. */
export function tanhQ15(z: number): number {
  return odd(saturate16(2 * z));
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** One raw feature to Q12, in 32-bit floating point as the filter computes it. */
export function quantiseFeature(raw: number, offset: number, scale: number): number {
  const value = Math.fround(raw);
  if (!Number.isFinite(value)) return 0;
  const scaled = Math.fround(Math.fround(value - offset) * scale);
  return saturate16(roundEven(Math.max(-40000, Math.min(40000, scaled))));
}

/** What a step leaves behind. */
export interface StepResult {
  /** The score: 0 during warm-up. */
  readonly scorePermille: number;
  /** The same without warm-up. */
  readonly permille: number;
  readonly surprise: number;
}

/** One route's stream through one model. */
export class ReferenceScorer {
  /** Q15. */
  readonly hidden: Int16Array;
  /** Q12. */
  readonly cell: Int16Array;
  /** Q12, padding rows included. */
  readonly prediction: Int16Array;
  /** Mean signed residual of each output, Q20. */
  readonly drift: Int32Array;
  /** Mean size of each output's drift, Q20. */
  readonly scale: Int32Array;
  /** Smoothed size of the residuals, Q12. */
  unrest = 0;
  surprise = 0;
  steps = 0;
  private readonly gates: Int16Array;
  private readonly quantised: Int16Array;

  constructor(readonly artifact: ScorerArtifact) {
    if (artifact.hidden > HIDDEN_MAX) throw new RangeError(`hidden is ${artifact.hidden}`);
    this.hidden = new Int16Array(artifact.hidden);
    this.cell = new Int16Array(artifact.hidden);
    this.prediction = new Int16Array(paddedOutputs(artifact.outputs));
    this.drift = new Int32Array(artifact.outputs);
    this.scale = new Int32Array(artifact.outputs);
    this.gates = new Int16Array(4 * artifact.hidden);
    this.quantised = new Int16Array(artifact.inputs);
  }

  /** Forgets everything, as a fresh state does. */
  reset(): void {
    this.hidden.fill(0);
    this.cell.fill(0);
    this.prediction.fill(0);
    this.drift.fill(0);
    this.scale.fill(0);
    this.unrest = 0;
    this.surprise = 0;
    this.steps = 0;
  }

  /** @param raw features as the filter extracts them */
  stepRaw(raw: ArrayLike<number>): StepResult {
    const { inputs, featureOffsets, featureScales } = this.artifact;
    for (let i = 0; i < inputs; i++) {
      this.quantised[i] = quantiseFeature(raw[i]!, featureOffsets[i]!, featureScales[i]!);
    }
    return this.step(this.quantised);
  }

  /** @param x Q12, one per input */
  step(x: Int16Array): StepResult {
    if (this.steps > 0) this.compare(x);
    this.steps += 1;
    this.advance(x);
    const permille = this.permilleOf(this.surprise);
    const warm = this.steps > this.artifact.warmUpSteps;
    return { scorePermille: warm ? permille : 0, permille, surprise: this.surprise };
  }

  /** How large output i's drift usually is on this route, Q12. */
  unit(i: number): number {
    return Math.max(Math.floor(this.scale[i]! / 256), this.artifact.scaleFloors[i]!);
  }

  /** Residuals of the last prediction into scale, unrest, drift and surprise. */
  private compare(x: Int16Array): void {
    const { outputs, outputFeatures, smoothingShift, driftShift } = this.artifact;
    const { residualMultipliers, driftMultipliers } = this.artifact;
    const scaleShift = Math.min(SCALE_SHIFT, Math.floor(Math.log2(this.steps + 1)));
    let residuals = 0;
    let drifts = 0;
    for (let i = 0; i < outputs; i++) {
      const residual = x[outputFeatures[i]!]! - this.prediction[i]!;
      const size = Math.abs(residual);
      const unit = this.unit(i);
      residuals += normalised(size, unit, residualMultipliers[i]!, RESIDUAL_CAP_Q8) ** 2;

      this.drift[i] = approach(this.drift[i]!, residual * 256, driftShift);
      const lean = Math.floor(Math.abs(this.drift[i]!) / 256);
      drifts += normalised(lean, unit, driftMultipliers[i]!, DRIFT_CAP_Q8) ** 2;

      const counted = scaleShift === SCALE_SHIFT ? Math.min(lean, SCALE_CLIP * unit) : lean;
      const change = counted * 256 - this.scale[i]!;
      this.scale[i] = this.scale[i]! + Math.floor(change / 2 ** scaleShift);
    }
    this.unrest = approach(this.unrest, Math.floor(residuals / 16), smoothingShift);
    this.surprise = this.unrest + Math.floor(drifts / 16);
  }

  private advance(x: Int16Array): void {
    const { hidden: units, outputs, outputFeatures, outputCarries, inputShift } = this.artifact;
    multiply(this.artifact.gates, x, inputShift, this.hidden, this.gates);
    for (let unit = 0; unit < units; unit++) {
      const inputGate = sigmoidQ15(this.gates[unit]!);
      const forgetGate = sigmoidQ15(this.gates[units + unit]!);
      const candidate = tanhQ15(this.gates[2 * units + unit]!);
      const outputGate = sigmoidQ15(this.gates[3 * units + unit]!);
      const fresh = (multiplyQ15(inputGate, candidate) + 4) >> 3;
      const cell = saturate16(multiplyQ15(forgetGate, this.cell[unit]!) + fresh);
      this.cell[unit] = cell;
      this.hidden[unit] = multiplyQ15(outputGate, tanhQ15(cell));
    }
    multiply(this.artifact.predictor, x.subarray(0, 0), 0, this.hidden, this.prediction);
    for (let i = 0; i < outputs; i++) {
      if (outputCarries[i] === 0) continue;
      this.prediction[i] = saturate16(this.prediction[i]! + x[outputFeatures[i]!]!);
    }
  }

  /** The artifact's quantile table, linear between knots, rounded down. */
  permilleOf(surprise: number): number {
    const knots = this.artifact.quantiles;
    const above = knots.findIndex((knot) => knot.surprise > surprise);
    if (above === 0) return knots[0]!.permille;
    if (above < 0) return knots[knots.length - 1]!.permille;
    const low = knots[above - 1]!;
    const high = knots[above]!;
    const rise = (surprise - low.surprise) * (high.permille - low.permille);
    return low.permille + Math.floor(rise / (high.surprise - low.surprise));
  }
}

/** A distance in units of the route's scale, by an output's multiplier, Q8. */
function normalised(distance: number, unit: number, multiplier: number, cap: number): number {
  const ratio = Math.min(RATIO_MAX_Q8, Math.floor((distance * 256) / unit));
  return Math.min(cap, Math.floor((ratio * multiplier) / 4096));
}

/** One step of a mean with weight 2^-shift, halves rounded up. */
function approach(mean: number, value: number, shift: number): number {
  const weight = 2 ** shift;
  return mean + Math.floor((value - mean + Math.floor(weight / 2)) / weight);
}

/** out = requantise((W_x x << shift) + W_h h + bias), rows beyond the matrix untouched. */
function multiply(
  matrix: QuantisedMatrix,
  x: Int16Array,
  inputShift: number,
  h: Int16Array,
  out: Int16Array,
): void {
  const { rows, columns, weights, multipliers, biases, shift } = matrix;
  const inputs = x.length;
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    let fromInputs = 0;
    for (let i = 0; i < inputs; i++) fromInputs += weights[base + i]! * x[i]!;
    let sum = fromInputs * (1 << inputShift);
    for (let i = inputs; i < columns; i++) sum += weights[base + i]! * h[i - inputs]!;
    out[row] = requantise(sum + biases[row]!, multipliers[row]!, shift);
  }
}
