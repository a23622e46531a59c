// From a score to evidence: the share of healthy targets that score as high, as far as they were
// counted, and an exponential tail beyond (peaks over threshold: Pickands 1975, with shape 0).
// Counting alone would end at one in the number of targets, and every attack lies beyond.

import { CONTENT_SCORE_MAX, EVIDENCE_ONE, EVIDENCE_MAX } from "../contract";
import { LN2, log2 } from "../model/exact-math";
import type { EvidenceKnot } from "./content-artifact";

/** Shares of healthy targets at which the curve has a knot, where enough of them were counted. */
const SHARES = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002] as const;
/** Targets that must lie above a counted knot. */
const COUNTED_MIN = 8;
/** Share above which the tail's mean excess is taken. */
const TAIL_SHARE = 0.05;

const LN10 = log2(10) * LN2;

/** -log10 of a share, Q8. */
export function evidenceOf(share: number): number {
  return Math.round((EVIDENCE_ONE * log2(1 / share)) / log2(10));
}

/**
 * @param scores of healthy targets that were not trained on, at least 100
 * @returns knots, scores strictly rising
 */
export function evidenceCurve(scores: ArrayLike<number>): EvidenceKnot[] {
  const sorted = Float64Array.from(scores).sort();
  const count = sorted.length;
  /** Score that a share of the targets reach; one is added to both for the target at hand. */
  const scoreAt = (share: number) =>
    sorted[Math.min(count - 1, Math.max(0, count - Math.floor(share * (count + 1))))]!;
  const knots: EvidenceKnot[] = [];
  const put = (score: number, evidence: number) => {
    const low = (knots.at(-1)?.score ?? -CONTENT_SCORE_MAX - 1) + 1;
    const at = Math.min(CONTENT_SCORE_MAX, Math.max(low, Math.round(score)));
    if (at >= low) knots.push({ score: at, evidence });
  };
  for (const share of SHARES) {
    if (share * count < COUNTED_MIN) break;
    put(scoreAt(share), evidenceOf(share));
  }
  const threshold = scoreAt(TAIL_SHARE);
  const excesses = sorted.filter((score) => score > threshold).map((score) => score - threshold);
  const mean = excesses.reduce((sum, excess) => sum + excess, 0) / Math.max(1, excesses.length);
  const last = knots.at(-1)!;
  const left = (EVIDENCE_MAX - last.evidence) / EVIDENCE_ONE;
  put(last.score + Math.max(1, mean) * left * LN10, EVIDENCE_MAX);
  return knots;
}
