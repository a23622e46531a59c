// From raw scores of any scorer to evidence, by split conformal calibration: the shares are counted
// on scores that the scorer was not fitted to, and continued beyond them by a Pareto tail (an
// exponential one of the logarithm, which is what evidenceCurve continues with). For benches and
// offline use; an artifact carries its curve, made the same way.

import type { EvidenceKnot } from "../content/content-artifact";
import { evidenceCurve } from "../content/evidence-curve";
import { alongCurve } from "../content/reference-content";
import { log2 } from "../model/exact-math";

/** Fixed-point units of an octave of score. */
const OCTAVE = 1024;
/** Scores below this share of the median are all the same. */
const LEAST_SHARE = 0.001;

/** @returns what turns a score (0 or more) into evidence, Q8 */
export function calibrateScores(calibration: ArrayLike<number>): (score: number) => number {
  const sorted = Float64Array.from(calibration).sort();
  const least = Math.max(1e-12, LEAST_SHARE * sorted[sorted.length >> 1]!);
  const fixed = (score: number) => Math.round(OCTAVE * log2(Math.max(score, least)));
  const curve: readonly EvidenceKnot[] = evidenceCurve(sorted.map(fixed));
  return (score) => alongCurve(curve, fixed(score));
}
