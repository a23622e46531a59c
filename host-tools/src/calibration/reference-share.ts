// Shares, evidence and their combination a second time, over the exact powers and without the
// filter's loops: what assembly/calibration/share-evidence.ts must give, unit for unit.

import { EVIDENCE_MAX, EVIDENCE_ONE, SHARE_ONE } from "../contract";
import { tenthPowers } from "./tenth-powers";

const POWERS = tenthPowers();

/** First power that is not above a share in Q15; the last one when all are. */
function fractionOf(shareQ15: number): number {
  const found = POWERS.findIndex((power) => power <= shareQ15);
  return found < 0 ? POWERS.length - 1 : found;
}

/** -log10 of a share in Q30, Q8. */
export function evidenceOfShare(share: number): number {
  let decades = 0;
  while (share * 10 ** (decades + 1) <= SHARE_ONE && decades * EVIDENCE_ONE < EVIDENCE_MAX) {
    decades++;
  }
  const rest = Math.floor((share * 10 ** decades + 16384) / 32768);
  return Math.min(EVIDENCE_MAX, decades * EVIDENCE_ONE + fractionOf(rest));
}

/** One layer's evidence and its say. */
export interface WeighedEvidence {
  readonly evidence: number;
  /** 0 to 255. */
  readonly weight: number;
}

/** Weighted harmonic mean of p-values, as evidence. */
export function combineEvidence(layers: readonly WeighedEvidence[]): number {
  const asked = layers.filter(({ weight }) => weight > 0);
  if (asked.length === 0) return 0;
  const all = asked.reduce((sum, { weight }) => sum + weight, 0);
  const most = asked.reduce((max, { evidence }) => Math.max(max, evidence), 0);
  let sum = 0;
  for (const { evidence, weight } of asked) {
    const below = most - evidence;
    const decades = Math.min(5, Math.floor(below / EVIDENCE_ONE));
    sum += Math.floor((weight * POWERS[below % EVIDENCE_ONE]!) / 10 ** decades);
  }
  let decades = 0;
  while (sum * 10 ** (decades + 1) <= all * 32768) decades++;
  const mean = Math.floor((sum * 10 ** decades) / all);
  return Math.max(0, most - decades * EVIDENCE_ONE - fractionOf(mean));
}
