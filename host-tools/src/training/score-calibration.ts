// What a surprise is worth: measured with the integer model itself on healthy traffic it has not
// seen, so that quantisation, smoothing and the model's weaknesses are all inside the calibration.

import {
  EVIDENCE_ONE,
  FEATURES,
  QUANTILE_KNOTS_MAX,
  SCALE_FLOOR_MAX,
  SURPRISE_MAX,
} from "../contract";
import type { QuantisedSequence } from "./dataset";
import { log } from "../model/exact-math";
import { ReferenceScorer } from "../model/reference";
import { ratioMultiplier } from "../model/quantiser";
import type { QuantileKnot, ScorerArtifact } from "../model/scorer-artifact";

/**
 * An output's residual at this quantile is 1.0: heavy and light tails weigh alike. One whose tail
 * goes on beyond a normal one's is weighed by what is rarer still; else the few outputs that count
 * rare events (retries, refusals) would make all of the score's tail.
 */
const RARE_QUANTILE = 0.999;
const RAREST_QUANTILE = 0.9999;
/** Of a normal distribution's two quantiles. */
const RAREST_RATIO = 1.2;

/** 1/512 of a deviation. */
const SCALE_FLOOR_LEAST_Q12 = 8;

/** Permille of healthy traffic at which the table has a knot; beyond come TAIL_EVIDENCES. */
const KNOT_PERMILLES = [100, 250, 500, 750, 900, 950, 975, 990, 995, 999];

/** @returns the value below which the given share lies; 0 for none */
export function quantile(sorted: Float64Array | Int32Array, share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export interface ResidualCalibration {
  readonly residualMultipliers: Int32Array;
  readonly driftMultipliers: Int32Array;
}

/**
 * Floors of the routes' own scales: half of a middling route's mean drift, or a quarter of the
 * mean over all. A route without errors would else call its first one the end of the world.
 */
export function calibrateFloors(
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): Int32Array {
  const means = Array.from({ length: artifact.outputs }, () => [] as number[]);
  for (const sequence of sequences) {
    const sums = new Float64Array(artifact.outputs);
    const count = eachStep(artifact, sequence, (_residuals, _units, drift) => {
      drift.forEach((lean, i) => {
        sums[i] = sums[i]! + Math.abs(lean) / 256;
      });
    });
    if (count > 0) sums.forEach((sum, i) => means[i]!.push(sum / count));
  }
  return Int32Array.from(means, (list) => {
    const middle = quantile(Float64Array.from(list).sort(), 0.5);
    const mean = list.reduce((a, b) => a + b, 0) / Math.max(1, list.length);
    const floor = Math.round(Math.max(0.5 * middle, 0.25 * mean));
    return Math.max(SCALE_FLOOR_LEAST_Q12, Math.min(SCALE_FLOOR_MAX, floor));
  });
}

/** Multipliers that bring each output's rare residual, and its rare drift, to the same size. */
export function calibrateResiduals(
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): ResidualCalibration {
  const sizes = Array.from({ length: artifact.outputs }, () => [] as number[]);
  const leans = Array.from({ length: artifact.outputs }, () => [] as number[]);
  for (const sequence of sequences) {
    eachStep(artifact, sequence, (residuals, units, drift) => {
      for (let i = 0; i < artifact.outputs; i++) {
        sizes[i]!.push((256 * residuals[i]!) / units[i]!);
        leans[i]!.push(Math.abs(drift[i]!) / units[i]!);
      }
    });
  }
  const multipliers = (lists: number[][]) =>
    Int32Array.from(lists, (list) => ratioMultiplier(rareSize(list)));
  return { residualMultipliers: multipliers(sizes), driftMultipliers: multipliers(leans) };
}

/** @param list sizes of one output's residual or drift */
function rareSize(list: readonly number[]): number {
  const sorted = Float64Array.from(list).sort();
  const rarest = quantile(sorted, RAREST_QUANTILE) / RAREST_RATIO;
  return Math.max(quantile(sorted, RARE_QUANTILE), rarest);
}

/**
 * Runs a sequence and shows every step after warm-up.
 * @param see gets the residuals' sizes (Q12), the route's scales (Q12) and the drifts (Q20)
 * @returns steps shown
 */
function eachStep(
  artifact: ScorerArtifact,
  sequence: QuantisedSequence,
  see: (residuals: number[], units: number[], drift: Int32Array) => void,
): number {
  const scorer = new ReferenceScorer(artifact);
  const outputs = Array.from({ length: artifact.outputs }, (_, i) => i);
  const residuals = outputs.map(() => 0);
  let shown = 0;
  for (let at = 0; at < sequence.length; at += FEATURES) {
    const x = sequence.subarray(at, at + FEATURES);
    const units = outputs.map((i) => scorer.unit(i));
    scorer.step(x);
    if (scorer.steps <= artifact.warmUpSteps) continue;
    for (const i of outputs) residuals[i] = Math.abs(scorer.residuals[i]!);
    see(residuals, units, scorer.drift);
    shown += 1;
  }
  return shown;
}

/** Smoothed surprises of healthy traffic after warm-up, sorted. */
export function healthySurprises(
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): Int32Array {
  const surprises: number[] = [];
  for (const sequence of sequences) {
    const scorer = new ReferenceScorer(artifact);
    for (let at = 0; at < sequence.length; at += FEATURES) {
      const { surprise } = scorer.step(sequence.subarray(at, at + FEATURES));
      if (scorer.steps > artifact.warmUpSteps) surprises.push(surprise);
    }
  }
  return Int32Array.from(surprises).sort();
}

/** -log10 of the share of healthy traffic above, Q8. */
function evidenceOfPermille(permille: number): number {
  return Math.round((-EVIDENCE_ONE * log(1 - permille / 1000)) / log(10));
}

/** Where the tail is known or continued, Q8; a decade is 256. */
const TAIL_EVIDENCES = [1024, 1280, 1536, 2048, 2560];
/** Requests below which one in ten thousand is not measured but continued, too. */
const MEASURED_REQUESTS = 100_000;
/** A tail grows at least so much per decade. */
const GROWTH_LEAST = 1.1;

/**
 * The table from surprise to evidence: knots at quantiles of healthy traffic, so that 512 means
 * that one healthy request in a hundred has more. Beyond what was measured the tail is a Pareto's:
 * each decade multiplies the surprise by as much as the steeper of the last two did. An exponential
 * tail would be too short (surprises are sums of squares), and would give every loud request the
 * same end of the scale, where an adaptive threshold can no longer tell them apart.
 */
export function quantileTable(sorted: Int32Array): QuantileKnot[] {
  const knots: QuantileKnot[] = [{ surprise: 0, evidence: 0 }];
  const add = (surprise: number, evidence: number) => {
    const last = knots[knots.length - 1]!;
    const next = Math.max(last.surprise + 1, Math.round(surprise));
    if (next <= SURPRISE_MAX) knots.push({ surprise: next, evidence });
  };
  for (const permille of KNOT_PERMILLES) {
    add(quantile(sorted, permille / 1000), evidenceOfPermille(permille));
  }
  const [hundredth, thousandth] = [quantile(sorted, 0.99), quantile(sorted, 0.999)];
  let growth = Math.max(GROWTH_LEAST, thousandth / Math.max(1, hundredth));
  let rarest = thousandth * growth;
  if (sorted.length >= MEASURED_REQUESTS) {
    rarest = quantile(sorted, 0.9999);
    growth = Math.max(growth, rarest / Math.max(1, thousandth));
  }
  for (const evidence of TAIL_EVIDENCES) {
    let surprise = rarest;
    for (let decade = TAIL_EVIDENCES[0]!; decade < evidence; decade += EVIDENCE_ONE) {
      surprise *= growth;
    }
    add(surprise, evidence);
  }
  if (knots.length > QUANTILE_KNOTS_MAX) throw new RangeError("too many knots");
  return knots;
}
