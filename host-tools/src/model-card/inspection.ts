// Everything that `ganglion inspect` shows of an artifact: what it says itself, its weights and its
// calibration as numbers to draw, its card, and what the filter's own code makes of it.

import { canonicalJson, withModel } from "../config/plugin-config";
import { FEATURES, FEATURE_SCHEMA } from "../contract";
import { checkWithFilter } from "../istio/filter-check";
import { GanglionError } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { decodeArtifact } from "../model/artifact";
import { type ArtifactDescription, describeArtifact } from "../model/describe-artifact";
import { calibrationCurve, type CurvePoint } from "./calibration-curve";
import { type FoundCard, readModelCard } from "./card-file";
import type { ModelCard } from "./model-card";
import { type MatrixPicture, picturesOf } from "./weights-picture";

/** What the release module said when it was given the artifact. */
export interface FilterVerdict {
  readonly result: "accepted" | "refused" | "not run";
  /** Why it was refused or not run. */
  readonly reason: string;
}

export interface Inspection {
  readonly artifact: ArtifactDescription;
  readonly matrices: readonly MatrixPicture[];
  readonly curve: readonly CurvePoint[];
  readonly filter: FilterVerdict;
  /** The card beside the file; null where there is none. */
  readonly card: ModelCard | null;
  /** False where the card is of other bytes than the artifact's. */
  readonly isCardCurrent: boolean;
}

/**
 * @param file path of the artifact, by which its card is found
 * @throws GanglionError E_ARTIFACT_... when the bytes are no artifact
 */
export async function inspect(bytes: Uint8Array, file: string): Promise<Inspection> {
  const artifact = describeArtifact(bytes);
  const found: FoundCard | undefined = await readModelCard(file, artifact.sha256);
  return {
    artifact,
    matrices: picturesOf(decodeArtifact(bytes)),
    curve: calibrationCurve(artifact),
    filter: await askFilter(bytes, artifact),
    card: found?.card ?? null,
    isCardCurrent: found?.isCurrent ?? false,
  };
}

/** The bytes that run in the proxies read the artifact and run its self-test. */
async function askFilter(bytes: Uint8Array, artifact: ArtifactDescription): Promise<FilterVerdict> {
  if (artifact.shape.inputs !== FEATURES || artifact.feature_schema !== FEATURE_SCHEMA) {
    const own = `${artifact.shape.inputs} inputs of schema ${artifact.feature_schema}`;
    return { result: "not run", reason: `it has ${own}, no filter's features` };
  }
  try {
    const wasm = await readFilterModule();
    const config = { version: 1, mode: "shadow", routes: [{ name: "all" }] } as const;
    checkWithFilter(wasm, canonicalJson(withModel(config, bytes)));
    return { result: "accepted", reason: "" };
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    const isAbsent = error.code === "E_FILTER_MODULE";
    return { result: isAbsent ? "not run" : "refused", reason: error.message };
  }
}

/** Whether somebody may put it into a mesh. */
export function isSound({ artifact, filter }: Inspection): boolean {
  return artifact.self_test.passed && filter.result !== "refused";
}

/** As one object, the artifact's own description at its top. */
export function inspectionJson(inspection: Inspection): object {
  const { artifact, matrices, curve, filter, card, isCardCurrent } = inspection;
  return {
    ...artifact,
    filter,
    calibration_curve: curve,
    matrices,
    card,
    card_is_current: card === null ? null : isCardCurrent,
  };
}
