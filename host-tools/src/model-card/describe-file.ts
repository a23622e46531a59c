// What a model file is: one artifact, or a bundle of several.

import { createHash } from "node:crypto";
import {
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_NAME,
  ARTIFACT_NAME_BYTES,
  ArtifactKind,
} from "../contract";
import { bundleMembers, readModels } from "../model/bundle";
import { type ArtifactDescription, describeArtifact } from "../model/describe-artifact";
import { type ContentDescription, describeContent } from "./describe-content";

export type MemberDescription = ArtifactDescription | ContentDescription;

export interface FileDescription {
  readonly kind: "scorer" | "content" | "bundle";
  readonly name: string;
  readonly model_version: number;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly base64_bytes: number;
  /** In the file's order; of an artifact alone, itself. */
  readonly members: readonly MemberDescription[];
}

export function isContent(member: MemberDescription): member is ContentDescription {
  return member.kind === "content";
}

/** @throws GanglionError E_ARTIFACT_... when it is no model that the filter would take */
export function describeFile(bytes: Uint8Array): FileDescription {
  const members = bundleMembers(bytes);
  // What does not fit together is refused here, as by the filter.
  readModels(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = bytes.subarray(ARTIFACT_AT_NAME, ARTIFACT_AT_NAME + ARTIFACT_NAME_BYTES);
  return {
    kind: kindName(bytes),
    name: new TextDecoder().decode(name).replace(/\0+$/, ""),
    model_version: view.getUint32(ARTIFACT_AT_MODEL_VERSION, true),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size_bytes: bytes.length,
    base64_bytes: 4 * Math.ceil(bytes.length / 3),
    members: members.map((member) =>
      kindName(member) === "content" ? describeContent(member) : describeArtifact(member),
    ),
  };
}

function kindName(bytes: Uint8Array): FileDescription["kind"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind: ArtifactKind = view.getInt32(ARTIFACT_AT_KIND, true);
  if (kind === ArtifactKind.Bundle) return "bundle";
  return kind === ArtifactKind.Content ? "content" : "scorer";
}
