// Decides whether bytes are a content artifact that this filter may map, as model/validate.ts does
// for the scorer: everything that scoring relies on is checked here, once.

import { ARTIFACT_MAGIC, ArtifactStatus } from "../contract/artifact";
import {
  CONTENT_AT_ATTACK_SCORE,
  CONTENT_AT_ENTRIES,
  CONTENT_AT_FLAGS,
  CONTENT_AT_FORMAT,
  CONTENT_AT_KIND,
  CONTENT_AT_MAGIC,
  CONTENT_AT_NAME,
  CONTENT_AT_RESERVED_HIGH,
  CONTENT_AT_RESERVED_LOW,
  CONTENT_AT_RULE,
  CONTENT_AT_SELF_TESTS,
  CONTENT_AT_TOTAL_BYTES,
  CONTENT_ENTRIES_MAX,
  CONTENT_ENTRIES_MIN,
  CONTENT_FORMAT,
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_HEADER_BYTES,
  CONTENT_KIND,
  CONTENT_KNOTS_MAX,
  CONTENT_KNOTS_MIN,
  CONTENT_RULE,
  CONTENT_SCORE_MAX,
  CONTENT_SELF_TESTS_MAX,
  CONTENT_SELF_TESTS_MIN,
  CONTENT_SELF_TEST_BYTES,
  CONTENT_SELF_TEST_TARGET_BYTES,
  contentArtifactBytes,
} from "../contract/content-artifact";
import { EVIDENCE_MAX } from "../contract/evidence";
import { CONTENT_MODEL_BYTES, ContentModel, mapContent } from "./content-model";
import { CONTENT_SCORE_BYTES, ContentScore, scoreContent } from "./score";

/** The candidate under validation, and the score of its self-test. */
const CANDIDATE: usize = memory.data(128, 16);
const SCORE: usize = memory.data(32, 16);

if (CONTENT_MODEL_BYTES > 128) ERROR("CANDIDATE is too small for a ContentModel");
if (CONTENT_SCORE_BYTES > 32) ERROR("SCORE is too small for a ContentScore");

/**
 * Whether the bytes are a content model for this filter's rule of the text.
 * @param ptr the artifact, aligned to 16
 * @param bytes its length as delivered
 */
export function validateContent(ptr: usize, bytes: i32): ArtifactStatus {
  if (bytes < CONTENT_HEADER_BYTES) return ArtifactStatus.TooShort;
  if (load<u32>(ptr, CONTENT_AT_MAGIC) != ARTIFACT_MAGIC) return ArtifactStatus.BadMagic;
  if (load<i32>(ptr, CONTENT_AT_FORMAT) != CONTENT_FORMAT) return ArtifactStatus.BadFormat;
  if (load<i32>(ptr, CONTENT_AT_KIND) != CONTENT_KIND) return ArtifactStatus.BadKind;
  if (load<i32>(ptr, CONTENT_AT_RULE) != CONTENT_RULE) return ArtifactStatus.BadFeatureSchema;
  const entries = load<i32>(ptr, CONTENT_AT_ENTRIES);
  if (!within(entries, CONTENT_ENTRIES_MIN, CONTENT_ENTRIES_MAX)) return ArtifactStatus.BadShape;
  if (popcnt<i32>(entries) != 1) return ArtifactStatus.BadShape;
  const selfTests = load<i32>(ptr, CONTENT_AT_SELF_TESTS);
  if (!within(selfTests, CONTENT_SELF_TESTS_MIN, CONTENT_SELF_TESTS_MAX)) {
    return ArtifactStatus.BadShape;
  }
  const length = contentArtifactBytes(entries, selfTests);
  if (bytes != length) return ArtifactStatus.BadLength;
  if (load<i32>(ptr, CONTENT_AT_TOTAL_BYTES) != length) return ArtifactStatus.BadLength;

  // The shape fits the bytes: from here on every section can be read.
  const model = changetype<ContentModel>(CANDIDATE);
  mapContent(ptr, model);
  if (!headerHolds(ptr, model)) return ArtifactStatus.BadHeader;
  if (!curveHolds(model.supervisedCurve, model.supervisedKnots)) return ArtifactStatus.BadQuantiles;
  if (!curveHolds(model.oneClassCurve, model.oneClassKnots)) return ArtifactStatus.BadQuantiles;
  if (!paddingHolds(ptr, model)) return ArtifactStatus.BadPadding;
  return selfTestHolds(model) ? ArtifactStatus.Ok : ArtifactStatus.SelfTestFailed;
}

// @ts-ignore: decorator
@inline
function within(value: i32, low: i32, high: i32): bool {
  return value >= low && value <= high;
}

function headerHolds(ptr: usize, model: ContentModel): bool {
  const both = CONTENT_HAS_SUPERVISED | CONTENT_HAS_ONE_CLASS;
  if (!within(load<i32>(ptr, CONTENT_AT_FLAGS), 1, both)) return false;
  if (!within(model.supervisedKnots, CONTENT_KNOTS_MIN, CONTENT_KNOTS_MAX)) return false;
  if (!within(model.oneClassKnots, CONTENT_KNOTS_MIN, CONTENT_KNOTS_MAX)) return false;
  if (!isScore(model.supervisedBias) || !isScore(model.oneClassBias)) return false;
  return isScore(load<i32>(ptr, CONTENT_AT_ATTACK_SCORE)) && nameHolds(ptr);
}

// @ts-ignore: decorator
@inline
function isScore(value: i32): bool {
  return within(value, -CONTENT_SCORE_MAX, CONTENT_SCORE_MAX);
}

/** Printable ASCII, then only zeros. */
function nameHolds(ptr: usize): bool {
  let ended = false;
  for (let at = CONTENT_AT_NAME; at < CONTENT_AT_RESERVED_HIGH; at++) {
    const byte = <i32>load<u8>(ptr + at);
    if (byte == 0) ended = true;
    else if (ended || byte < 0x21 || byte > 0x7e) return false;
  }
  return true;
}

/** Scores rise strictly, evidence does not fall; unused knots are zero. */
function curveHolds(curve: usize, knots: i32): bool {
  let score = -CONTENT_SCORE_MAX - 1;
  let evidence = 0;
  for (let knot = 0; knot < CONTENT_KNOTS_MAX; knot++) {
    const at = curve + ((<usize>knot) << 3);
    const nextScore = load<i32>(at);
    const nextEvidence = load<i32>(at, 4);
    if (knot >= knots) {
      if ((nextScore | nextEvidence) != 0) return false;
      continue;
    }
    if (!within(nextScore, score + 1, CONTENT_SCORE_MAX)) return false;
    if (!within(nextEvidence, evidence, EVIDENCE_MAX)) return false;
    score = nextScore;
    evidence = nextEvidence;
  }
  return true;
}

/** Bytes without a meaning are zero, so that a later format can give them one. */
function paddingHolds(ptr: usize, model: ContentModel): bool {
  if (!zeros(ptr + CONTENT_AT_RESERVED_LOW, ptr + CONTENT_AT_NAME)) return false;
  if (!zeros(ptr + CONTENT_AT_RESERVED_HIGH, ptr + CONTENT_HEADER_BYTES)) return false;
  for (let test = 0; test < model.selfTests; test++) {
    const record = model.selfTest + <usize>(test * CONTENT_SELF_TEST_BYTES);
    const bytes = load<i32>(record);
    if (!within(bytes, 1, CONTENT_SELF_TEST_TARGET_BYTES)) return false;
    if (!zeros(record + 16 + bytes, record + CONTENT_SELF_TEST_BYTES)) return false;
  }
  return true;
}

function zeros(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) {
    if (load<u8>(at) != 0) return false;
  }
  return true;
}

/** Scores the artifact's own targets; every number must be equal. */
function selfTestHolds(model: ContentModel): bool {
  const score = changetype<ContentScore>(SCORE);
  for (let test = 0; test < model.selfTests; test++) {
    const record = model.selfTest + <usize>(test * CONTENT_SELF_TEST_BYTES);
    scoreContent(model, record + 16, load<i32>(record), score);
    if (score.supervised != load<i32>(record, 4)) return false;
    if (score.oneClass != load<i32>(record, 8)) return false;
    if (score.evidence != load<i32>(record, 12)) return false;
  }
  return true;
}
