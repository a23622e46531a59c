// The scorer's three implementations side by side: SIMD kernels, scalar kernels, reference.

import { ArtifactStatus, artifactStatusName, paddedRows } from "../../../host-tools/src/contract";
import type { Prng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { randomArtifact, randomInput, type RandomShape } from "./random-artifact";

/**
 * Runs all three over random vectors through a random artifact.
 * @returns the first step at which anything differs, -1 for none
 * @throws Error when the filter refuses the artifact
 */
export function firstDifference(
  lab: ModelLab,
  random: Prng,
  shape: RandomShape,
  steps: number,
): number {
  const artifact = randomArtifact(random, shape);
  const status = lab.loadAny(encodeArtifact(artifact));
  if (status !== ArtifactStatus.Ok) throw new Error(`refused: ${artifactStatusName(status)}`);
  const { inputs, outputs } = artifact;
  const rows = paddedRows(outputs);
  const reference = new ReferenceScorer(artifact);
  const simd = lab.freshState(0);
  const scalar = lab.freshState(1);
  for (let step = 0; step < steps; step++) {
    const x = randomInput(random, inputs);
    lab.setQuantised(x);
    const expected = reference.step(x);
    const evidences = [lab.wasm.evidenceSimd(simd), lab.wasm.evidenceScalar(scalar)];
    if (evidences.some((evidence) => evidence !== expected.settledEvidence)) return step;
    const { memory } = reference.core;
    for (const state of [simd, scalar]) {
      if (lab.surprise(state) !== expected.surprise) return step;
      if (lab.evidence(state) !== expected.evidence) return step;
      if (lab.energy(state) !== expected.energy) return step;
      if (!same(lab.prediction(state, rows), reference.prediction)) return step;
      if (!same(lab.memoryOf(state, outputs, memory.length), memory)) return step;
    }
  }
  return -1;
}

function same(a: Int16Array, b: Int16Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
