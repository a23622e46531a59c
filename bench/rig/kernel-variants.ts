// Models to time: every architecture in three sizes, on vectors of the filter's length. Random
// weights: time does not depend on them, only a little on how large the residuals are.

import { Architecture } from "../../host-tools/src/contract";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../host-tools/src/model/artifact";
import { parameterCount } from "../../host-tools/src/model/describe-artifact";
import { ARCHITECTURES, randomArtifact } from "../../test/host/model/random-artifact";

export interface KernelVariant {
  /** As in the figures' names, `gru_h32`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly parameters: number;
}

/** One row block; the default model has 10. */
const OUTPUTS = 16;
const HIDDEN = [16, 32, 64];
/** Vectors that a linear model looks at together. */
const WINDOW = 5;

function variantOf(architecture: Architecture, hidden: number): number {
  if (architecture === Architecture.Linear) return WINDOW;
  // Two heads over sixteen steps, expanded twofold.
  if (architecture === Architecture.Transformer) return 2 + (16 << 8) + ((2 * hidden) << 16);
  return 0;
}

export function kernelVariants(seed: number): KernelVariant[] {
  const random = seededPrng(seed).fork("kernel-variants");
  return ARCHITECTURES.flatMap((architecture) =>
    HIDDEN.map((hidden) => {
      const variant = variantOf(architecture, hidden);
      const artifact = randomArtifact(random, { architecture, hidden, variant, outputs: OUTPUTS });
      return {
        name: `${Architecture[architecture].toLowerCase()}_h${hidden}`,
        bytes: encodeArtifact(artifact),
        parameters: parameterCount(artifact),
      };
    }),
  );
}
