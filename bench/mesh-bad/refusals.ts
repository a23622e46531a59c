// What a push must refuse before anything is written.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prng } from "../../host-tools/src/lib/prng";
import { readArtifact } from "../../host-tools/src/weights/read-artifact";
import { withModel } from "../../host-tools/src/config/plugin-config";
import { changeWeights } from "../../host-tools/src/weights/change-weights";
import { pushPlan } from "../../host-tools/src/weights/plans";
import { chatConfig, FILTER, NAMESPACE } from "../rig/filtered-mesh";
import { changePorts, push } from "../rig/mesh-pusher";
import type { Trial } from "./trial";

/** Its selector takes no proxy: an image that cannot be fetched must not meet the load. */
const NOBODY = { nobody: "here" } as const;

/** Objects whose image is not in the registry, or is not the one that the digest says. */
export async function badImages(trial: Trial): Promise<Record<string, unknown>> {
  const { mesh } = trial;
  const [name] = trial.image.split("@");
  const absent = `${name}@sha256:${"ab".repeat(32)}`;
  const images = [
    ["absent", { url: absent, sha256: "ab".repeat(32) }],
    ["wrong-digest", { url: trial.image, sha256: "cd".repeat(32) }],
    ["unpinned", { url: `${name}:latest`, sha256: "" }],
  ] as const;
  let refused = 0;
  for (const [suffix, image] of images) {
    const object = mesh.object(trial.image, withModel(chatConfig(1), trial.newModel()));
    const spec = object.spec as { wasm: Record<string, unknown> };
    const place = { namespace: NAMESPACE, name: `${FILTER}-${suffix}` };
    await mesh.cluster.apply({
      ...object,
      metadata: { ...place },
      spec: {
        ...spec,
        selector: { matchLabels: NOBODY },
        wasm: { ...spec.wasm, ...image },
      },
    });
    const ports = changePorts(mesh.cluster, { seed: 1, waitMs: 0 });
    const plan = pushPlan({ artifact: trial.newModel() });
    const attempt = () => changeWeights(ports, plan, { place, forceConflicts: true });
    if (await trial.refused("E_IMAGE_", attempt)) refused += 1;
    await mesh.cluster.delete({ apiVersion: object.apiVersion, kind: object.kind, ...place });
  }
  return { images_refused: refused, images_tried: images.length };
}

/**
 * Artifacts that are none any more. A bit that flips in a weight can pass for another model, which
 * is what the digest is for; everything else shows by itself.
 */
const DAMAGES: Readonly<Record<string, (artifact: Uint8Array, random: Prng) => Uint8Array>> = {
  cut: (artifact, random) => artifact.subarray(0, random.below(artifact.length)),
  grown: (artifact, random) => Buffer.concat([artifact, Buffer.alloc(1 + random.below(64))]),
  magic: (artifact, random) => flipped(artifact, random.below(4), random),
  selfTest: (artifact, random) => flipped(artifact, artifact.length - 1 - random.below(4), random),
  anyBit: (artifact, random) => flipped(artifact, random.below(artifact.length), random),
};

function flipped(artifact: Uint8Array, at: number, random: Prng): Uint8Array {
  const changed = Uint8Array.from(artifact);
  changed[at] = changed[at]! ^ (1 << random.below(8));
  return changed;
}

/** Damaged artifacts, as files with the digest of the whole one, as a pipeline pushes them. */
export async function badWeights(trial: Trial): Promise<Record<string, unknown>> {
  const repeats = trial.quick ? 1 : 5;
  const folder = mkdtempSync(join(tmpdir(), "ganglion-bad-weights-"));
  const file = join(folder, "model.gngl");
  let tried = 0;
  let refused = 0;
  try {
    for (const [damage, make] of Object.entries(DAMAGES)) {
      for (let i = 0; i < repeats; i++) {
        const good = trial.newModel();
        writeFileSync(file, make(good, trial.random));
        const digest = createHash("sha256").update(good).digest("hex");
        const attempt = async (): Promise<unknown> => {
          const named = damage === "anyBit" ? digest : undefined;
          const plan = pushPlan({ artifact: await readArtifact(file, named) });
          return push(trial.mesh.cluster, plan, { seed: i, waitMs: 0 });
        };
        tried += 1;
        if (await trial.refused("E_", attempt)) refused += 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { weights_refused: refused, weights_tried: tried };
}

/** Epochs that are not above the one in force. */
export async function olderEpochs(trial: Trial): Promise<Record<string, unknown>> {
  const { epoch } = await trial.live();
  let refused = 0;
  const asked = [0, 1, epoch - 1, epoch];
  for (const older of asked) {
    const attempt = () =>
      push(trial.mesh.cluster, pushPlan({ artifact: trial.newModel() }), {
        seed: 1,
        waitMs: 0,
        epoch: older,
      });
    if (await trial.refused("E_EPOCH", attempt)) refused += 1;
  }
  return { epochs_refused: refused, epochs_tried: asked.length };
}
