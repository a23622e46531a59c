// Everything that `ganglion inspect` shows of a model file: what it says itself, its weights and its
// calibration as numbers to draw, its card, and what the filter's own code makes of it.

import { canonicalJson, withModel } from "../config/plugin-config";
import { FEATURES, FEATURE_SCHEMA } from "../contract";
import { decodeContent } from "../content/content-artifact";
import { checkWithFilter } from "../istio/filter-check";
import { GanglionError } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { decodeArtifact } from "../model/artifact";
import { bundleMembers } from "../model/bundle";
import { type CalibrationCurve, contentCurves, scorerCurve } from "./calibration-curve";
import { type FoundCard, readModelCard } from "./card-file";
import {
  describeFile,
  type FileDescription,
  isContent,
  type MemberDescription,
} from "./describe-file";
import type { ModelCard } from "./model-card";
import { contentPictures, type MatrixPicture, picturesOf } from "./weights-picture";

/** What the release module said when it was given the file. */
export interface FilterVerdict {
  readonly result: "accepted" | "refused" | "not run";
  /** Why it was refused or not run. */
  readonly reason: string;
}

/** One model of the file, to draw. */
export interface InspectedMember {
  readonly artifact: MemberDescription;
  readonly matrices: readonly MatrixPicture[];
  readonly curves: readonly CalibrationCurve[];
}

export interface Inspection {
  readonly file: FileDescription;
  readonly members: readonly InspectedMember[];
  readonly filter: FilterVerdict;
  /** The card beside the file; null where there is none. */
  readonly card: ModelCard | null;
  /** False where the card is of other bytes than the file's. */
  readonly isCardCurrent: boolean;
}

/**
 * @param path of the file, by which its card is found
 * @throws GanglionError E_ARTIFACT_... when the bytes are no model
 */
export async function inspect(bytes: Uint8Array, path: string): Promise<Inspection> {
  const file = describeFile(bytes);
  const found: FoundCard | undefined = await readModelCard(path, file.sha256);
  const parts = bundleMembers(bytes);
  return {
    file,
    members: file.members.map((artifact, i) => inspectMember(artifact, parts[i]!)),
    filter: await askFilter(bytes, file),
    card: found?.card ?? null,
    isCardCurrent: found?.isCurrent ?? false,
  };
}

function inspectMember(artifact: MemberDescription, bytes: Uint8Array): InspectedMember {
  return isContent(artifact)
    ? {
        artifact,
        matrices: contentPictures(decodeContent(bytes)),
        curves: contentCurves(artifact),
      }
    : { artifact, matrices: picturesOf(decodeArtifact(bytes)), curves: [scorerCurve(artifact)] };
}

/** The bytes that run in the proxies read the file and run its self-tests. */
async function askFilter(bytes: Uint8Array, file: FileDescription): Promise<FilterVerdict> {
  for (const member of file.members) {
    if (isContent(member)) continue;
    const { inputs } = member.shape;
    if (inputs === FEATURES && member.feature_schema === FEATURE_SCHEMA) continue;
    const own = `${inputs} inputs of schema ${member.feature_schema}`;
    return { result: "not run", reason: `it has ${own}, not the filter's features` };
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
export function isSound({ file, filter }: Inspection): boolean {
  const passed = file.members.every(({ self_test: test }) => test.passed);
  return passed && filter.result !== "refused";
}

/** As one object; of an artifact alone its own description is at the top. */
export function inspectionJson(inspection: Inspection): object {
  const { file, members, filter, card, isCardCurrent } = inspection;
  const drawn = members.map(({ artifact, matrices, curves }) => ({
    ...artifact,
    matrices,
    calibration_curves: curves,
  }));
  const told = file.kind === "bundle" ? { ...file, members: drawn } : drawn[0];
  const currency = card === null ? null : isCardCurrent;
  return { ...told, filter, card, card_is_current: currency };
}
