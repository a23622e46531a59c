// The recipe of the content model that ships: made-up traffic, a seed, and nothing else. A test
// rebuilds its file byte for byte.

import { seededPrng } from "../lib/prng";
import { attackTarget } from "./attack-targets";
import { type ContentOptions, type LabelledTarget, buildContent } from "./build-content";
import type { ContentArtifact } from "./content-artifact";
import { healthyTarget } from "./healthy-targets";

export const DEFAULT_CONTENT: ContentOptions = {
  seed: 1,
  name: "content",
  modelVersion: 1,
  entries: 4096,
};

/** Targets of each kind in the training. */
const HEALTHY = 16_000;
const ATTACKS = 12_000;

/** Made-up targets, no two labels of the same seed and part alike. */
export function syntheticTargets(
  seed: number,
  part: string,
  healthy: number,
  attacks: number,
): LabelledTarget[] {
  const random = seededPrng(seed).fork(part);
  const normal = random.fork("healthy");
  const odd = random.fork("attack");
  return [
    ...Array.from({ length: healthy }, () => ({
      target: Buffer.from(healthyTarget(normal), "utf8"),
      attack: false,
    })),
    ...Array.from({ length: attacks }, () => ({
      target: Buffer.from(attackTarget(odd), "utf8"),
      attack: true,
    })),
  ];
}

/** The shipped content model, from its seed. */
export function buildDefaultContent(): ContentArtifact {
  return buildContent(
    syntheticTargets(DEFAULT_CONTENT.seed, "training", HEALTHY, ATTACKS),
    DEFAULT_CONTENT,
  );
}
