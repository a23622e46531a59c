// Several models in one file: written, taken apart and checked as the filter checks it. The layout is
// drawn in contract/bundle-artifact.ts.

import {
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_BYTES_MAX,
  ARTIFACT_FORMAT,
  ARTIFACT_MAGIC,
  ARTIFACT_NAME_BYTES,
  ArtifactKind,
  ArtifactStatus,
  BUNDLE_AT_MEMBERS,
  BUNDLE_AT_MEMBER_BYTES,
  BUNDLE_AT_RESERVED_LOW,
  BUNDLE_HEADER_BYTES,
  BUNDLE_MEMBERS_MAX,
  BUNDLE_MEMBERS_MIN,
  BUNDLE_SCORERS_MAX,
  FEATURE_SCHEMA,
  SCORER_STATE_BYTES_MAX,
  stateBytes,
} from "../contract";
import { type ContentArtifact, decodeContent } from "../content/content-artifact";
import { decodeArtifact } from "./artifact";
import { ArtifactChecker, artifactRefusal } from "./artifact-checker";
import type { ScorerArtifact } from "./scorer-artifact";

/** Models that travel together. */
export interface Bundle {
  readonly name: string;
  readonly modelVersion: number;
  /** Artifacts of scorers and content tables. */
  readonly members: readonly Uint8Array[];
}

/** The members, read. */
export interface BundleModels {
  readonly scorers: readonly ScorerArtifact[];
  readonly content?: ContentArtifact;
}

/**
 * Writes a bundle.
 * @throws GanglionError E_ARTIFACT_... when the filter would not take it
 */
export function encodeBundle({ name, modelVersion, members }: Bundle): Uint8Array {
  const size = members.reduce((sum, member) => sum + member.length, BUNDLE_HEADER_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number) => view.setUint32(at, value >>> 0, true);
  put(ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC);
  put(ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT);
  put(ARTIFACT_AT_KIND, ArtifactKind.Bundle);
  put(BUNDLE_AT_MEMBERS, members.length);
  put(ARTIFACT_AT_TOTAL_BYTES, size);
  put(ARTIFACT_AT_MODEL_VERSION, modelVersion);
  put(ARTIFACT_AT_FEATURE_SCHEMA, FEATURE_SCHEMA);
  bytes.set(new TextEncoder().encode(name).subarray(0, ARTIFACT_NAME_BYTES), ARTIFACT_AT_NAME);
  let at = BUNDLE_HEADER_BYTES;
  members.slice(0, BUNDLE_MEMBERS_MAX).forEach((member, i) => {
    put(BUNDLE_AT_MEMBER_BYTES + 4 * i, member.length);
    bytes.set(member, at);
    at += member.length;
  });
  readModels(bytes);
  return bytes;
}

/**
 * Takes a bundle apart; an artifact that is none has itself as its member.
 * @throws GanglionError E_ARTIFACT_... when its header is not one that the filter takes
 */
export function bundleMembers(bytes: Uint8Array): Uint8Array[] {
  const short = ArtifactStatus.TooShort;
  if (bytes.length < BUNDLE_HEADER_BYTES) {
    const problem = `${bytes.length} bytes, the header alone has ${BUNDLE_HEADER_BYTES}`;
    throw artifactRefusal(short, problem);
  }
  if (bytes.length > ARTIFACT_BYTES_MAX) {
    const problem = `${bytes.length} bytes, at most ${ARTIFACT_BYTES_MAX}`;
    throw artifactRefusal(ArtifactStatus.BadLength, problem);
  }
  const check = new ArtifactChecker(bytes);
  const { BadFormat, BadFeatureSchema } = ArtifactStatus;
  check.magic();
  if (check.view.getInt32(ARTIFACT_AT_KIND, true) !== ArtifactKind.Bundle) return [bytes];
  check.number(BadFormat, "format", ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT, ARTIFACT_FORMAT);
  const schema = FEATURE_SCHEMA;
  check.number(BadFeatureSchema, "feature schema", ARTIFACT_AT_FEATURE_SCHEMA, schema, schema);
  const lengths = memberLengths(check);
  checkBundleName(check);
  const padding = ArtifactStatus.BadPadding;
  check.zeros(padding, "bundle's header", BUNDLE_AT_RESERVED_LOW, ARTIFACT_AT_NAME);
  check.zeros(padding, "bundle's header", ARTIFACT_AT_RESERVED_HIGH, BUNDLE_HEADER_BYTES);
  let at = BUNDLE_HEADER_BYTES;
  return lengths.map((length) => bytes.subarray(at, (at += length)));
}

function memberLengths(check: ArtifactChecker): number[] {
  const bad = ArtifactStatus.BadLength;
  const { bytes } = check;
  const low = BUNDLE_MEMBERS_MIN;
  const count = check.number(bad, "members", BUNDLE_AT_MEMBERS, low, BUNDLE_MEMBERS_MAX);
  const lengths: number[] = [];
  for (let i = 0; i < BUNDLE_MEMBERS_MAX; i++) {
    const at = BUNDLE_AT_MEMBER_BYTES + 4 * i;
    const field = `bytes of member ${i}`;
    const used = i < count ? 1 : 0;
    const least = used * BUNDLE_HEADER_BYTES;
    const length = check.number(bad, field, at, least, used * ARTIFACT_BYTES_MAX);
    if (length % 16 !== 0) throw artifactRefusal(bad, `${field} is ${length}, no multiple of 16`);
    if (used === 1) lengths.push(length);
  }
  const total = lengths.reduce((sum, length) => sum + length, BUNDLE_HEADER_BYTES);
  if (total !== bytes.length) {
    throw artifactRefusal(bad, `${bytes.length} bytes, header and members have ${total}`);
  }
  check.number(bad, "total bytes", ARTIFACT_AT_TOTAL_BYTES, total, total);
  return lengths;
}

function checkBundleName(check: ArtifactChecker): void {
  let ended = false;
  for (let at = ARTIFACT_AT_NAME; at < ARTIFACT_AT_RESERVED_HIGH; at++) {
    const byte = check.view.getUint8(at);
    if (byte === 0) ended = true;
    else if (ended || byte < 0x21 || byte > 0x7e) {
      const problem = `name has byte ${byte}, must be printable ASCII`;
      throw artifactRefusal(ArtifactStatus.BadHeader, problem);
    }
  }
}

/**
 * Reads all models of an artifact; does not run their self-tests.
 * @throws GanglionError E_ARTIFACT_... when the filter would not take it
 */
export function readModels(bytes: Uint8Array): BundleModels {
  const scorers: ScorerArtifact[] = [];
  let content: ContentArtifact | undefined;
  let room = SCORER_STATE_BYTES_MAX;
  for (const member of bundleMembers(bytes)) {
    const view = new DataView(member.buffer, member.byteOffset, member.byteLength);
    const kind = view.getInt32(ARTIFACT_AT_KIND, true);
    const bad = ArtifactStatus.BadMember;
    if (kind === ArtifactKind.Bundle) throw artifactRefusal(bad, "a bundle within a bundle");
    if (kind === ArtifactKind.Content) {
      if (content !== undefined) throw artifactRefusal(bad, "a second content table");
      content = decodeContent(member);
      continue;
    }
    if (scorers.length === BUNDLE_SCORERS_MAX) throw artifactRefusal(bad, "a third scorer");
    const scorer = decodeArtifact(member, { stateBytes: room });
    const { architecture, inputs, hidden, outputs, variant } = scorer;
    room -= stateBytes(architecture, inputs, hidden, outputs, variant);
    scorers.push(scorer);
  }
  return content === undefined ? { scorers } : { scorers, content };
}

/**
 * Version that the author gave an artifact or bundle, after a look at all that is in it.
 * @throws GanglionError E_ARTIFACT_... when the filter would not take it
 */
export function modelVersionOf(bytes: Uint8Array): number {
  readModels(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(ARTIFACT_AT_MODEL_VERSION, true);
}
