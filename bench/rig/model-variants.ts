// Models that differ from the shipped one and are as valid: some gate weights moved by one, the
// self-test computed anew by the reference. Not trained ones, because what matters to these benches
// is that other bytes arrive, not that they score better.

import type { Prng } from "../../host-tools/src/lib/prng";
import { decodeArtifact, encodeArtifact } from "../../host-tools/src/model/artifact";
import { withSelfTest } from "../../host-tools/src/model/quantiser";
import type { ScorerArtifact } from "../../host-tools/src/model/scorer-artifact";

const WEIGHTS_MOVED = 64;

/** The bytes of a model with this version and slightly different weights. */
export function modelVariant(base: Uint8Array, modelVersion: number, random: Prng): Uint8Array {
  const artifact = decodeArtifact(base);
  const [gates, ...rest] = artifact.core;
  if (gates === undefined) throw new RangeError("the model has no core to move weights of");
  const weights = Int8Array.from(gates.weights);
  for (let i = 0; i < WEIGHTS_MOVED; i++) {
    const at = random.below(weights.length);
    const weight = weights[at] as number;
    weights[at] = weight < 127 ? weight + 1 : weight - 1;
  }
  const changed: ScorerArtifact = {
    ...artifact,
    modelVersion,
    core: [{ ...gates, weights }, ...rest],
  };
  const inputs = artifact.selfTest.map((step) => step.input);
  return encodeArtifact(withSelfTest(changed, inputs));
}
