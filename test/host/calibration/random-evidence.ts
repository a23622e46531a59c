// Evidence as a healthy, well-calibrated key has it: p-values uniform, so -log10 exponential.

import { log2 } from "../../../host-tools/src/model/exact-math";
import type { Prng } from "../../../host-tools/src/lib/prng";

/** Evidence Q8 of a p-value drawn uniformly. */
export function exponentialEvidence(random: Prng): number {
  return Math.min(2560, Math.round((-256 * log2(1 - random.uniform())) / log2(10)));
}
