// The Transformer's norm over the rows of a matrix, forward and backward; formula and clamp are those of
// model/float-transformer.ts.
//
//   s = 1 / sqrt(mean of r^2 + epsilon),  y_i = scale * clamp(r_i s)
//   dr_i = s g_i - r_i s^3 / d * (sum of g_j r_j),  g_i = scale * dy_i where not clamped, else 0

import { NORM_EPSILON, NORM_MAX } from "../model/float-transformer";

/**
 * @param out [rows][columns]
 * @param factors [rows], s of each row for the way back
 */
export function normRows(
  out: Float32Array,
  factors: Float32Array,
  r: Float32Array,
  columns: number,
  scale: number,
): void {
  for (let row = 0, at = 0; at < r.length; row++, at += columns) {
    let sum = 0;
    for (let i = at; i < at + columns; i++) sum += r[i]! * r[i]!;
    const factor = 1 / Math.sqrt(sum / columns + NORM_EPSILON);
    factors[row] = factor;
    for (let i = at; i < at + columns; i++) {
      out[i] = scale * Math.max(-NORM_MAX, Math.min(NORM_MAX, r[i]! * factor));
    }
  }
}

/**
 * Adds the derivative by r to dR.
 * @param dOut [rows][columns], the derivative by what normRows wrote
 */
export function normRowsBackward(
  dR: Float32Array,
  dOut: Float32Array,
  factors: Float32Array,
  r: Float32Array,
  columns: number,
  scale: number,
): void {
  for (let row = 0, at = 0; at < r.length; row++, at += columns) {
    const factor = factors[row]!;
    const limit = NORM_MAX / factor;
    let along = 0;
    for (let i = at; i < at + columns; i++) {
      if (Math.abs(r[i]!) < limit) along += dOut[i]! * r[i]!;
    }
    const pull = (along * factor * factor) / columns;
    for (let i = at; i < at + columns; i++) {
      const direct = Math.abs(r[i]!) < limit ? dOut[i]! : 0;
      dR[i] = dR[i]! + scale * factor * (direct - pull * r[i]!);
    }
  }
}
