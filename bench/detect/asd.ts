// Detection on the ASD part of the data; see multivariate.ts.

import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";
import { detectMultivariate } from "./multivariate";

/** Every entity in `DIR/asd`. */
export function detect(options: DetectOptions): Promise<BenchResult> {
  return detectMultivariate("asd", options);
}
