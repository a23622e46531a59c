// Entry of a module for tests and benches: the content scorer alone. Not part of the filter;
// nothing here runs in a proxy.

import {
  CONTENT_ENTRIES_MAX,
  CONTENT_HEADER_BYTES,
  CONTENT_SELF_TESTS_MAX,
  CONTENT_SELF_TEST_BYTES,
} from "./contract/content-artifact";
import { CONTENT_MODEL_BYTES, ContentModel, mapContent } from "./content/content-model";
import { CONTENT_PIECES_MAX, topPieces } from "./content/explain";
import { fieldBegin, fieldEnd, fieldText, originOf } from "./content/fields";
import { CONTENT_SCORE_BYTES, ContentScore, contentEvidence, scoreContent } from "./content/score";
import { validateContent } from "./content/validate";

/** Room for the largest artifact and for one that is too long. */
const ARTIFACT: usize = memory.data(16384, 16);
const TARGETS: usize = memory.data(65536, 16);
const MODEL: usize = memory.data(128, 16);
const SCORE: usize = memory.data(32, 16);
const PIECES: usize = memory.data(64, 16);

if (
  CONTENT_HEADER_BYTES +
    2 * CONTENT_ENTRIES_MAX +
    256 +
    CONTENT_SELF_TESTS_MAX * CONTENT_SELF_TEST_BYTES >
  16384
) {
  ERROR("ARTIFACT is too small");
}
if (CONTENT_MODEL_BYTES > 128) ERROR("MODEL is too small");
if (CONTENT_SCORE_BYTES > 32) ERROR("SCORE is too small");
if (8 * CONTENT_PIECES_MAX > 64) ERROR("PIECES is too small");

export { fieldText, fieldBegin, fieldEnd, originOf };

/** Where the artifact goes: 16 KiB. */
export function artifactArea(): usize {
  return ARTIFACT;
}

/** Where a target goes: 64 KiB. */
export function targetArea(): usize {
  return TARGETS;
}

/** Where `score` writes: the eight numbers of a ContentScore. */
export function scoreArea(): usize {
  return SCORE;
}

/** Where `pieces` writes: { i32 at, i32 weight }[4]. */
export function pieceArea(): usize {
  return PIECES;
}

/** Validates what lies in the artifact area, and maps it when it is good. */
export function loadContent(bytes: i32): i32 {
  const status = validateContent(ARTIFACT, bytes);
  if (status == 0) mapContent(ARTIFACT, changetype<ContentModel>(MODEL));
  return status;
}

/** Scores the target area's first bytes. */
export function score(bytes: i32): i32 {
  const result = changetype<ContentScore>(SCORE);
  scoreContent(changetype<ContentModel>(MODEL), TARGETS, bytes, result);
  return result.evidence;
}

/** Heaviest pieces of a field of the target just scored. */
export function pieces(field: i32, oneClass: bool): i32 {
  return topPieces(changetype<ContentModel>(MODEL), field, oneClass, PIECES);
}

/** For benches: the same target again and again. */
export function repeat(bytes: i32, count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += contentEvidence(changetype<ContentModel>(MODEL), TARGETS, bytes);
  }
  return sum;
}
