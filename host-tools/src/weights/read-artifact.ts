// The artifact that a push names, checked before anybody is asked for anything.

import { createHash } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readInput } from "../lib/input";
import { ofFile } from "../model/artifact-checker";
import { modelVersionOf } from "../model/bundle";

/**
 * @param file path, or `-`
 * @param digest SHA-256 that it must have, undefined for any
 * @throws GanglionError E_INPUT, E_MODEL_DIGEST, E_ARTIFACT_...
 */
export async function readArtifact(file: string, digest: string | undefined): Promise<Buffer> {
  const artifact = await readInput(file);
  const found = createHash("sha256").update(artifact).digest("hex");
  if (digest !== undefined && digest.replace(/^sha256:/, "") !== found) {
    throw new GanglionError("E_MODEL_DIGEST", `${file} has SHA-256 ${found}, not ${digest}`, {
      hint: "The file is not the one that the digest was taken from; fetch or train it again.",
      exitCode: ExitCode.badInput,
    });
  }
  ofFile(inputName(file), () => modelVersionOf(artifact));
  return artifact;
}
