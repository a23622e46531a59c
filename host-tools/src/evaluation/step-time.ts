// Processor time of one score of a model, in this process. For comparing architectures with each
// other; the bench `kernels` measures with the care that a quoted figure needs.

import { FEATURES } from "../contract";
import { seededPrng } from "../lib/prng";
import { normal } from "../model/exact-math";
import type { ModelLab } from "../model/model-lab";
import { ONE_Q12 } from "../model/q12";

const WARM_UP = 20_000;
const COUNT = 40_000;
const ROUNDS = 5;

/** Nanoseconds, the least of a few rounds: whatever else the machine does only adds. */
export function nanosecondsPerStep(lab: ModelLab, artifact: Uint8Array, seed: number): number {
  lab.load(artifact);
  const random = seededPrng(seed).fork("step-time");
  lab.setQuantised(
    Int16Array.from({ length: FEATURES }, () => Math.round(normal(random) * ONE_Q12)),
  );
  const state = lab.freshState(0);
  lab.wasm.repeat(state, WARM_UP, 1);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    lab.wasm.repeat(state, COUNT, 1);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (1000 * (user + system)) / COUNT);
  }
  return least;
}
