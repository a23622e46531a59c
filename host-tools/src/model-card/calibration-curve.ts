// What a score is worth, as a curve: evidence is -log10 of the share of healthy traffic with more.

import type { ArtifactDescription } from "../model/describe-artifact";
import type { ContentDescription } from "./describe-content";

export interface CurvePoint {
  /** Place on the horizontal axis; surprises are spread by their logarithm. */
  readonly x: number;
  readonly evidence: number;
}

export interface CalibrationCurve {
  readonly title: string;
  readonly points: readonly CurvePoint[];
  /** What stands at the left and the right end. */
  readonly ends: readonly [string, string];
  /** Evidence of an alarm; null where the curve has no threshold of its own. */
  readonly threshold: number | null;
}

/** Least top of the pictures: one in ten thousand. */
const TOP_MIN = 4;

/** Evidence at the top of a picture of the curve, a whole number. */
export function curveTop({ points }: CalibrationCurve): number {
  return Math.max(TOP_MIN, ...points.map(({ evidence }) => Math.ceil(evidence - 1e-9)));
}

/** Labels of whole pieces of evidence, from 0 to the top. */
export function evidenceLabels(top: number): string[] {
  return Array.from({ length: top + 1 }, (_, evidence) => {
    if (evidence === 0) return "usual";
    return evidence <= TOP_MIN ? `1 in ${10 ** evidence}` : `1 in 10^${evidence}`;
  });
}

export function scorerCurve({
  quantiles,
  threshold_evidence,
}: ArtifactDescription): CalibrationCurve {
  const surprises = quantiles.map(({ surprise }) => surprise / 4096);
  return {
    title: "what a surprise is worth",
    points: quantiles.map(({ evidence }, i) => ({ x: Math.log10(1 + surprises[i]!), evidence })),
    ends: ["surprise 0", (surprises[surprises.length - 1] ?? 0).toFixed(1)],
    threshold: threshold_evidence,
  };
}

export function contentCurves({ supervised, one_class }: ContentDescription): CalibrationCurve[] {
  const tables = [
    ["what a score of the supervised table is worth", supervised],
    ["what a score of the one-class table is worth", one_class],
  ] as const;
  return tables.flatMap(([title, table]): CalibrationCurve[] => {
    if (table === null) return [];
    const { curve } = table;
    return [
      {
        title,
        points: curve.map(({ score, evidence }) => ({ x: score, evidence })),
        ends: [`score ${curve[0]!.score}`, String(curve[curve.length - 1]!.score)],
        threshold: null,
      },
    ];
  });
}
