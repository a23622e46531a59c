// Detection on the SMD part of the data; see multivariate.ts.

import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";
import { detectMultivariate } from "./multivariate";

/** Every entity in `DIR/smd`. */
export function detect(options: DetectOptions): Promise<BenchResult> {
  return detectMultivariate("smd", options);
}
