// The ASD and SMD sets: one small forecaster a server, learnt from the unlabelled train part, scored on the
// labelled test part.

import { GanglionError } from "../../host-tools/src/lib/errors";
import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";

/** @throws GanglionError while there is nothing to measure with */
export function detectMultivariate(set: string, _options: DetectOptions): Promise<BenchResult> {
  throw new GanglionError("E_BENCH_USAGE", `detect --set ${set} is not measured yet`);
}
