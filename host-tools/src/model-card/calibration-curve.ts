// What a surprise is worth, as a curve: evidence is -log10 of the share of healthy requests with more.

import type { ArtifactDescription } from "../model/describe-artifact";

export interface CurvePoint {
  /** In units of a healthy request's usual one. */
  readonly surprise: number;
  /** -log10 of the tail probability: 3 is one in a thousand. */
  readonly evidence: number;
}

/** The table ends where it was not measured any more. */
const EVIDENCE_MAX = 4;

export function evidenceOfPermille(permille: number): number {
  return permille >= 1000 ? EVIDENCE_MAX : Math.min(EVIDENCE_MAX, -Math.log10(1 - permille / 1000));
}

export function calibrationCurve({ quantiles }: ArtifactDescription): CurvePoint[] {
  return quantiles.map(({ surprise, evidence }) => ({
    surprise: Number((surprise / 4096).toPrecision(4)),
    evidence: Number(evidence.toPrecision(4)),
  }));
}
