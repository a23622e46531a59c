// From residuals to one number a step: the sum over outputs of (residual / unit)^2, each ratio cut
// off so that one broken column cannot drown the rest. The forecaster's units are the usual size of
// each output's own residual. The autoencoder has one unit for all: what its directions leave over
// is small where metrics agree, and dividing by that would blow up nothing.

import type { ScaledSeries } from "./plain-scorers";

/** How a member's residuals are counted. */
export interface ResidualUnits {
  /** By output, in scaled input. */
  readonly units: Float64Array;
  /** Largest residual that counts, in units. */
  readonly cap: number;
}

/** A change of sixteen times the usual is as bad as it gets. */
const FORECAST_CAP = 16;
/** Disagreement may be larger: what never moved alone in the train part has hardly any usual size. */
const RECONSTRUCTION_CAP = 64;
/** Least unit, in scaled input: below it a column hardly moves in the train part. */
const UNIT_LEAST = 0.01;

/** Root mean square of each output's residuals. */
export function forecastUnits(residuals: Float32Array, inputs: number): ResidualUnits {
  const squares = new Float64Array(inputs);
  residuals.forEach((residual, i) => (squares[i % inputs]! += residual * residual));
  const samples = residuals.length / inputs;
  const units = squares.map((sum) => Math.max(UNIT_LEAST, Math.sqrt(sum / samples)));
  return { units, cap: FORECAST_CAP };
}

/** The root mean square over all outputs, for each. */
export function reconstructionUnits(residuals: Float32Array, inputs: number): ResidualUnits {
  const sum = residuals.reduce((total, residual) => total + residual * residual, 0);
  const unit = Math.max(UNIT_LEAST, Math.sqrt(sum / residuals.length));
  return { units: new Float64Array(inputs).fill(unit), cap: RECONSTRUCTION_CAP };
}

/** Energy of each step, in floating point; the filter's is held against it. */
export function floatEnergy(
  residuals: Float32Array,
  { units, cap }: ResidualUnits,
  { samples, inputs }: ScaledSeries,
): Float64Array {
  const energy = new Float64Array(samples);
  for (let row = 0; row < samples; row++) {
    for (let i = 0; i < inputs; i++) {
      const ratio = Math.min(Math.abs(residuals[row * inputs + i]!) / units[i]!, cap);
      energy[row]! += ratio * ratio;
    }
  }
  return energy;
}
