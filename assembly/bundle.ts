// The models that came in one artifact: a scorer, a content table, or a bundle of them. The scorers
// share the place that a route has for their states, one behind the other.

import { validateContent } from "./content/validate";
import { CONTENT_MODEL_BYTES, ContentModel, mapContent } from "./content/content-model";
import {
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_FORMAT,
  ARTIFACT_MAGIC,
  ArtifactKind,
  ArtifactStatus,
} from "./contract/artifact";
import {
  BUNDLE_AT_MEMBERS,
  BUNDLE_AT_MEMBER_BYTES,
  BUNDLE_AT_RESERVED_LOW,
  BUNDLE_HEADER_BYTES,
  BUNDLE_MEMBERS_MAX,
  BUNDLE_MEMBERS_MIN,
  BUNDLE_SCORERS_MAX,
} from "./contract/bundle-artifact";
import { FEATURE_SCHEMA } from "./contract/features";
import { ARTIFACT_BYTES_MAX } from "./contract/limits";
import { SCORER_STATE_BYTES_MAX } from "./contract/scorer-state-layout";
import { MODEL_STRUCT_BYTES, Model, mapModel } from "./model/model";
import { scorerStateBytes } from "./model/scorer-state";
import { validateScorer } from "./model/validate";
import { nameHolds, within, zeros } from "./model/validate-numbers";

/** What came; the models' places follow it in memory. */
// @ts-ignore: decorator
@unmanaged
@final
export class Bundle {
  scorers: i32;
  hasContent: bool;
}

const MODELS_PLACE: usize = (offsetof<Bundle>() + 15) & ~15;
const MODEL_STRIDE: usize = (MODEL_STRUCT_BYTES + 15) & ~15;
const CONTENT_PLACE: usize = MODELS_PLACE + MODEL_STRIDE * <usize>BUNDLE_SCORERS_MAX;

/** Bytes of a Bundle with its models. */
export const BUNDLE_BYTES: usize = (CONTENT_PLACE + CONTENT_MODEL_BYTES + 15) & ~15;

const CANDIDATE: usize = memory.data(2048, 16);
if (BUNDLE_BYTES > 2048) ERROR("CANDIDATE is too small for a Bundle");

/** @param index in [0, bundle.scorers) */
// @ts-ignore: decorator
@inline
export function bundleScorer(bundle: Bundle, index: i32): Model {
  return changetype<Model>(changetype<usize>(bundle) + MODELS_PLACE + <usize>index * MODEL_STRIDE);
}

/** Meaningful when bundle.hasContent. */
// @ts-ignore: decorator
@inline
export function bundleContent(bundle: Bundle): ContentModel {
  return changetype<ContentModel>(changetype<usize>(bundle) + CONTENT_PLACE);
}

/** Byte offset of a scorer's state in the place that a route has for all of them. */
export function bundleStateOffset(bundle: Bundle, index: i32): usize {
  let offset = 0;
  for (let i = 0; i < index; i++) offset += scorerStateBytes(bundleScorer(bundle, i));
  return <usize>offset;
}

/**
 * Whether the bytes are models for this filter.
 * @param ptr the artifact, aligned to 16
 * @param bytes its length as delivered
 */
export function validateBundle(ptr: usize, bytes: i32): ArtifactStatus {
  if (bytes < BUNDLE_HEADER_BYTES) return ArtifactStatus.TooShort;
  if (bytes > ARTIFACT_BYTES_MAX) return ArtifactStatus.BadLength;
  if (load<u32>(ptr, ARTIFACT_AT_MAGIC) != ARTIFACT_MAGIC) return ArtifactStatus.BadMagic;
  const bundle = changetype<Bundle>(CANDIDATE);
  memory.fill(CANDIDATE, 0, BUNDLE_BYTES);
  if (load<i32>(ptr, ARTIFACT_AT_KIND) != ArtifactKind.Bundle)
    return takeMember(bundle, ptr, bytes);
  if (load<i32>(ptr, ARTIFACT_AT_FORMAT) != ARTIFACT_FORMAT) return ArtifactStatus.BadFormat;
  if (load<i32>(ptr, ARTIFACT_AT_FEATURE_SCHEMA) != FEATURE_SCHEMA) {
    return ArtifactStatus.BadFeatureSchema;
  }
  if (!lengthsHold(ptr, bytes)) return ArtifactStatus.BadLength;
  if (!nameHolds(ptr)) return ArtifactStatus.BadHeader;
  if (!zeros(ptr + BUNDLE_AT_RESERVED_LOW, ptr + ARTIFACT_AT_NAME))
    return ArtifactStatus.BadPadding;
  if (!zeros(ptr + ARTIFACT_AT_RESERVED_HIGH, ptr + BUNDLE_HEADER_BYTES)) {
    return ArtifactStatus.BadPadding;
  }
  let at = ptr + BUNDLE_HEADER_BYTES;
  for (let i = 0; i < load<i32>(ptr, BUNDLE_AT_MEMBERS); i++) {
    const length = memberBytes(ptr, i);
    const status = takeMember(bundle, at, length);
    if (status != ArtifactStatus.Ok) return status;
    at += <usize>length;
  }
  return ArtifactStatus.Ok;
}

/**
 * Points a Bundle at an artifact that validateBundle accepted.
 * @param bundle BUNDLE_BYTES of memory, aligned to 16
 */
export function mapBundle(ptr: usize, bundle: Bundle): void {
  memory.fill(changetype<usize>(bundle), 0, BUNDLE_BYTES);
  if (load<i32>(ptr, ARTIFACT_AT_KIND) != ArtifactKind.Bundle) {
    mapMember(bundle, ptr);
    return;
  }
  let at = ptr + BUNDLE_HEADER_BYTES;
  for (let i = 0; i < load<i32>(ptr, BUNDLE_AT_MEMBERS); i++) {
    mapMember(bundle, at);
    at += <usize>memberBytes(ptr, i);
  }
}

// @ts-ignore: decorator
@inline
function memberBytes(ptr: usize, index: i32): i32 {
  return load<i32>(ptr + ((<usize>index) << 2), BUNDLE_AT_MEMBER_BYTES);
}

/** Members that fill the file exactly, and nothing where there is none. */
function lengthsHold(ptr: usize, bytes: i32): bool {
  const members = load<i32>(ptr, BUNDLE_AT_MEMBERS);
  if (!within(members, BUNDLE_MEMBERS_MIN, BUNDLE_MEMBERS_MAX)) return false;
  let total = BUNDLE_HEADER_BYTES;
  for (let i = 0; i < BUNDLE_MEMBERS_MAX; i++) {
    const length = memberBytes(ptr, i);
    if (i >= members) {
      if (length != 0) return false;
      continue;
    }
    if (!within(length, BUNDLE_HEADER_BYTES, ARTIFACT_BYTES_MAX) || (length & 15) != 0)
      return false;
    total += length;
  }
  return total == bytes && load<i32>(ptr, ARTIFACT_AT_TOTAL_BYTES) == bytes;
}

/** Validates a member and maps it behind those that came before. */
function takeMember(bundle: Bundle, ptr: usize, bytes: i32): ArtifactStatus {
  const kind = load<i32>(ptr, ARTIFACT_AT_KIND);
  if (kind == ArtifactKind.Bundle) return ArtifactStatus.BadMember;
  if (kind == ArtifactKind.Content) {
    if (bundle.hasContent) return ArtifactStatus.BadMember;
    const status = validateContent(ptr, bytes);
    if (status == ArtifactStatus.Ok) mapMember(bundle, ptr);
    return status;
  }
  if (bundle.scorers == BUNDLE_SCORERS_MAX) return ArtifactStatus.BadMember;
  const used = <i32>bundleStateOffset(bundle, bundle.scorers);
  const status = validateScorer(ptr, bytes, SCORER_STATE_BYTES_MAX - used);
  if (status == ArtifactStatus.Ok) mapMember(bundle, ptr);
  return status;
}

function mapMember(bundle: Bundle, ptr: usize): void {
  if (load<i32>(ptr, ARTIFACT_AT_KIND) == ArtifactKind.Content) {
    mapContent(ptr, bundleContent(bundle));
    bundle.hasContent = true;
    return;
  }
  mapModel(ptr, bundleScorer(bundle, bundle.scorers));
  bundle.scorers += 1;
}
