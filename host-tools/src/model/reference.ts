// The scorer once more, in TypeScript: the judge of the filter's kernels. Written from the layout's
// rules and not from the kernels: row-major weights, one number at a time, doubles that stay exact
// instead of 64-bit integers. Every score must agree bit for bit.

import {
  Architecture,
  DRIFT_CAP_Q8,
  OutputKind,
  RATIO_MAX_Q8,
  SCALE_CLIP,
  evidencePermille,
  paddedRows,
} from "../contract";
import { type ReferenceCore, referenceCore } from "./reference-cores";
import { applyMatrix, quantiseFeature, saturate16, sigmoidQ15 } from "./reference-math";
import type { ScorerArtifact } from "./scorer-artifact";

export {
  quantiseFeature,
  requantise,
  roundEven,
  saturate16,
  sigmoidQ15,
  tanhQ15,
} from "./reference-math";

/** What a step leaves behind. */
export interface StepResult {
  /** Q8; 0 during warm-up. */
  readonly settledEvidence: number;
  /** The same without warm-up. */
  readonly evidence: number;
  /** The score: permille of healthy requests with less evidence; 0 during warm-up. */
  readonly scorePermille: number;
  /** The same without warm-up. */
  readonly permille: number;
  readonly surprise: number;
  /** Size of this step's residuals alone, Q12. */
  readonly energy: number;
}

/** One route's stream through one model. */
export class ReferenceScorer {
  /** Q12, padding rows included. */
  readonly prediction: Int16Array;
  /** Residuals of the last step, Q12; 0 where there was nothing to compare with. */
  readonly residuals: Int32Array;
  /** Mean signed residual of each output, Q20. */
  readonly drift: Int32Array;
  /** Mean size of each output's drift, Q20. */
  readonly scale: Int32Array;
  /** Smoothed size of the residuals, Q12. */
  unrest = 0;
  surprise = 0;
  energy = 0;
  steps = 0;
  core: ReferenceCore;
  private readonly quantised: Int16Array;

  constructor(readonly artifact: ScorerArtifact) {
    this.core = referenceCore(artifact);
    this.prediction = new Int16Array(paddedRows(artifact.outputs));
    this.residuals = new Int32Array(artifact.outputs);
    this.drift = new Int32Array(artifact.outputs);
    this.scale = new Int32Array(artifact.outputs);
    this.quantised = new Int16Array(artifact.inputs);
  }

  /** Forgets everything, as a fresh state does. */
  reset(): void {
    this.core = referenceCore(this.artifact);
    for (const numbers of [this.prediction, this.residuals, this.drift, this.scale]) {
      numbers.fill(0);
    }
    this.unrest = 0;
    this.surprise = 0;
    this.energy = 0;
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
    const linear = this.artifact.architecture === Architecture.Linear;
    if (this.steps > 0 && !linear) this.compare(x);
    this.core.step(x);
    this.predict(x);
    if (this.steps > 0 && linear) this.compare(x);
    this.steps += 1;
    const evidence = this.evidenceOf(this.surprise);
    const warm = this.steps > this.artifact.warmUpSteps;
    const { surprise, energy } = this;
    const permille = evidencePermille(evidence);
    const settled = warm
      ? { settledEvidence: evidence, scorePermille: permille }
      : { settledEvidence: 0, scorePermille: 0 };
    return { ...settled, evidence, permille, surprise, energy };
  }

  /** How large output i's drift usually is on this route, Q12. */
  unit(i: number): number {
    return Math.max(Math.floor(this.scale[i]! / 256), this.artifact.scaleFloors[i]!);
  }

  /** Residuals of the prediction into scale, energy, unrest, drift and surprise. */
  private compare(x: Int16Array): void {
    const { outputs, smoothingShift, driftShift, scaleShift: fullShift } = this.artifact;
    const { residualMultipliers, driftMultipliers, residualCapQ8 } = this.artifact;
    const scaleShift = Math.min(fullShift, Math.floor(Math.log2(this.steps + 1)));
    let residuals = 0;
    let drifts = 0;
    for (let i = 0; i < outputs; i++) {
      const residual = this.residual(i, x);
      this.residuals[i] = residual;
      const size = Math.abs(residual);
      const unit = this.unit(i);
      residuals += normalised(size, unit, residualMultipliers[i]!, residualCapQ8) ** 2;

      this.drift[i] = approach(this.drift[i]!, residual * 256, driftShift);
      const lean = Math.floor(Math.abs(this.drift[i]!) / 256);
      drifts += normalised(lean, unit, driftMultipliers[i]!, DRIFT_CAP_Q8) ** 2;

      if (fullShift === 0) continue;
      const counted = scaleShift === fullShift ? Math.min(lean, SCALE_CLIP * unit) : lean;
      const change = counted * 256 - this.scale[i]!;
      this.scale[i] = this.scale[i]! + Math.floor(change / 2 ** scaleShift);
    }
    this.energy = Math.floor(residuals / 16);
    this.unrest = approach(this.unrest, this.energy, smoothingShift);
    this.surprise = this.unrest + Math.floor(drifts / 16);
  }

  /** The error of output i by its kind, Q12. */
  private residual(i: number, x: Int16Array): number {
    const { outputKinds, outputFeatures, outputLevels, outputZeros, outputOnes } = this.artifact;
    const actual = x[outputFeatures[i]!]!;
    const distance = actual - this.prediction[i]!;
    if (outputKinds[i] === OutputKind.Value) return distance;
    if (outputKinds[i] === OutputKind.Quantile) {
      const weight = distance >= 0 ? outputLevels[i]! : 32768 - outputLevels[i]!;
      return Math.sign(distance) * Math.floor((Math.abs(distance) * weight + 16384) / 32768);
    }
    const zero = outputZeros[i]!;
    const range = outputOnes[i]! - zero;
    const share = Math.min(4096, Math.floor((Math.max(0, actual - zero) * 4096) / range));
    return share - Math.floor((sigmoidQ15(this.prediction[i]!) + 4) / 8);
  }

  private predict(x: Int16Array): void {
    const { architecture, outputs, outputFeatures, outputCarries, inputShift } = this.artifact;
    const seen = architecture === Architecture.Linear ? x.subarray(0, 0) : x;
    this.prediction.set(applyMatrix(this.artifact.predictor, seen, inputShift, this.core.hidden));
    for (let i = 0; i < outputs; i++) {
      if (outputCarries[i] === 0) continue;
      this.prediction[i] = saturate16(this.prediction[i]! + x[outputFeatures[i]!]!);
    }
  }

  /** The artifact's quantile table, linear between knots, rounded down. */
  evidenceOf(surprise: number): number {
    const knots = this.artifact.quantiles;
    const above = knots.findIndex((knot) => knot.surprise > surprise);
    if (above === 0) return knots[0]!.evidence;
    if (above < 0) return knots[knots.length - 1]!.evidence;
    const low = knots[above - 1]!;
    const high = knots[above]!;
    const rise = (surprise - low.surprise) * (high.evidence - low.evidence);
    return low.evidence + Math.floor(rise / (high.surprise - low.surprise));
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
