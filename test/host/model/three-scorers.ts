// The scorer's three implementations side by side: SIMD kernels, scalar kernels, reference.

import { ArtifactStatus, artifactStatusName, paddedRows } from "../../../host-tools/src/contract";
import type { Prng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { randomArtifact, randomInput, type RandomShape } from "./random-artifact";

/**
 * Runs all three over random vectors through a random artifact.
 * @param see is told of every step at which anything differs; false ends the run
 * @throws Error when the filter refuses the artifact
 */
function compare(
  lab: ModelLab,
  random: Prng,
  shape: RandomShape,
  steps: number,
  see: (step: number) => boolean,
): void {
  const artifact = randomArtifact(random, shape);
  const status = lab.loadAny(encodeArtifact(artifact));
  if (status !== ArtifactStatus.Ok) throw new Error(`refused: ${artifactStatusName(status)}`);
  const { inputs, outputs } = artifact;
  const rows = paddedRows(outputs);
  const reference = new ReferenceScorer(artifact);
  const states = [lab.freshState(0), lab.freshState(1)] as const;
  for (let step = 0; step < steps; step++) {
    const x = randomInput(random, inputs);
    lab.setQuantised(x);
    const expected = reference.step(x);
    const settled = [lab.wasm.evidenceSimd(states[0]), lab.wasm.evidenceScalar(states[1])];
    const { memory } = reference.core;
    const equal =
      settled.every((evidence) => evidence === expected.settledEvidence) &&
      states.every(
        (state) =>
          lab.surprise(state) === expected.surprise &&
          lab.evidence(state) === expected.evidence &&
          lab.energy(state) === expected.energy &&
          same(lab.prediction(state, rows), reference.prediction) &&
          same(lab.memoryOf(state, outputs, memory.length), memory),
      );
    if (!equal && !see(step)) return;
  }
}

/** @returns the first step at which anything differs, -1 for none */
export function firstDifference(
  lab: ModelLab,
  random: Prng,
  shape: RandomShape,
  steps: number,
): number {
  let first = -1;
  compare(lab, random, shape, steps, (step) => {
    first = step;
    return false;
  });
  return first;
}

/** @returns steps at which anything differs */
export function differences(
  lab: ModelLab,
  random: Prng,
  shape: RandomShape,
  steps: number,
): number {
  let count = 0;
  compare(lab, random, shape, steps, () => {
    count += 1;
    return true;
  });
  return count;
}

function same(a: Int16Array, b: Int16Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
