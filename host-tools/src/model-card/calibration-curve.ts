// What a surprise is worth, as a curve: evidence is -log10 of the share of healthy requests with more.

import type { ArtifactDescription } from "../model/describe-artifact";

export interface CurvePoint {
  /** 1.0 for one output that is as far off as one healthy request in a thousand. */
  readonly surprise: number;
  /** -log10 of the tail probability: 3 is one in a thousand. */
  readonly evidence: number;
}

export function calibrationCurve({ quantiles }: ArtifactDescription): CurvePoint[] {
  return quantiles.map(({ surprise, evidence }) => ({
    surprise: Number((surprise / 4096).toPrecision(4)),
    evidence,
  }));
}
