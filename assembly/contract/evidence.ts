// The currency of the scorer's layers: evidence = -log10(tail probability), Q8. 0 is usual, 256 one
// in ten, 768 one in a thousand. Not the probability itself: what matters lies in its last digits.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** 1.0: one in ten. */
export const EVIDENCE_ONE: i32 = 256;
/** One in 10^10; beyond that no calibration can tell. */
export const EVIDENCE_MAX: i32 = 2560;
/** One in 10,000; from here on the score is 1000 permille. */
export const EVIDENCE_FULL_SCORE: i32 = 1024;

/**
 * Weights of the layers' p-values in their harmonic mean: of statistics and content, and of the sequence.
 * The sequence reacts to single requests, which are odd far oftener than a route is ill: beside the
 * statistics it counts a decade and a half less, so that it makes alarms earlier and hardly makes any of
 * its own (measured by the bench faults).
 */
export const LAYER_WEIGHT: i32 = 97;
export const SEQUENCE_WEIGHT: i32 = 3;

/**
 * A second that has never been says less than minutes that have moved: it counts two decades less (Q8), so
 * that a pause of one arm is no incident, and an outage still is.
 */
export const SUDDEN_DISCOUNT: i32 = 512;

/**
 * The score for people and headers: permille of healthy traffic with less evidence, rounded down.
 * 256 gives 900, 768 gives 999.
 * @param evidence Q8
 */
export function evidencePermille(evidence: i32): i32 {
  if (evidence <= 0) return 0;
  if (evidence >= EVIDENCE_FULL_SCORE) return 1000;
  let unit = 32768;
  for (let whole = evidence >> 8; whole > 0; whole--) unit *= 10;
  // Rounded up, so that the rest is rounded down. At most 1000 * 2^15, so nothing overflows.
  return 1000 - (((1000 * tenthToThe(evidence & 255) + unit - 1) / unit) | 0);
}

/** 10^-(fraction / 256) in Q15, within 4 units, by the powers of its binary digits. */
function tenthToThe(fraction: i32): i32 {
  let product = 32768;
  for (let bit = 0; bit < 8; bit++) {
    if (((fraction >> bit) & 1) != 0) product = (product * tenthPower(bit) + 16384) >> 15;
  }
  return product;
}

/** 10^-(2^bit / 256), Q15. */
function tenthPower(bit: i32): i32 {
  switch (bit) {
    case 0:
      return 32475;
    case 1:
      return 32184;
    case 2:
      return 31610;
    case 3:
      return 30493;
    case 4:
      return 28376;
    case 5:
      return 24573;
    case 6:
      return 18427;
    default:
      return 10362;
  }
}
