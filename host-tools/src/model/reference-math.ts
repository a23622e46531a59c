// The integer arithmetic of the references: written from the rules of contract/artifact.ts and not
// from the kernels. Doubles that stay exact instead of 64-bit integers.

import { activationTable, multiplyQ15, PIECES } from "./activation-table";
import type { QuantisedMatrix } from "./scorer-artifact";

const TABLE = activationTable();
/** 2 to the power of the index. */
const POWERS = Float64Array.from({ length: 64 }, (_, power) => 2 ** power);

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
  const upper = sum * high + Math.floor((sum * low) / 65536) + POWERS[shift - 17]!;
  return saturate16(Math.floor(upper / POWERS[shift - 16]!));
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

/**
 * requantise((W_x x << inputShift) + W_h h + bias), one number per row.
 * @param x the first columns' operand
 * @param h the other columns'
 */
export function applyMatrix(
  matrix: QuantisedMatrix,
  x: ArrayLike<number>,
  inputShift: number,
  h: ArrayLike<number>,
): Int16Array {
  const { rows, columns, weights, multipliers, biases, shift } = matrix;
  const out = new Int16Array(rows);
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    let fromInputs = 0;
    for (let i = 0; i < x.length; i++) fromInputs += weights[base + i]! * x[i]!;
    let sum = fromInputs * (1 << inputShift);
    for (let i = x.length; i < columns; i++) sum += weights[base + i]! * h[i - x.length]!;
    out[row] = requantise(sum + biases[row]!, multipliers[row]!, shift);
  }
  return out;
}
