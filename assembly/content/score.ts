// Scores what a request asks for by the byte n-grams of its path and query: an attack has pieces
// that no healthy request has. Not a list of signatures: weights of hashed n-grams add up, so a
// variant that nobody wrote down still shares most of its pieces. Two tables in one pass: the
// supervised one says how much like known attacks, the one-class one how unlike healthy requests.
// Formulas and normalisation stand at the head of contract/content-artifact.ts.

import {
  CONTENT_HASH_1,
  CONTENT_HASH_2,
  CONTENT_HASH_3,
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_TWO_TABLES_EVIDENCE,
} from "../contract/content-artifact";
import { ContentModel } from "./content-model";
import { fieldBegin, fieldEnd, fieldText, splitTarget } from "./fields";

/** Score of a target without fields: below every knot. */
const NOTHING: i32 = -0x40000000;

/** What is known of one target. */
// @ts-ignore: decorator
@unmanaged
@final
export class ContentScore {
  /** Largest supervised score of a field, and that field's number. */
  supervised: i32;
  supervisedField: i32;
  /** Largest one-class score of a field, and that field's number. */
  oneClass: i32;
  oneClassField: i32;
  /** Evidence of each table and of both together, Q8. */
  supervisedEvidence: i32;
  oneClassEvidence: i32;
  evidence: i32;
  fields: i32;
}

/** Bytes of a ContentScore. */
export const CONTENT_SCORE_BYTES: usize = offsetof<ContentScore>();

/** Result of contentEvidence, which has no use for the details. */
const SCORE: usize = memory.data(32, 16);
if (CONTENT_SCORE_BYTES > 32) ERROR("SCORE is too small for a ContentScore");

/**
 * Evidence that a target is none of the healthy ones.
 *
 * @param ptr path and query as the client wrote them, any bytes
 * @returns Q8 in [0, 2560]
 */
export function contentEvidence(model: ContentModel, ptr: usize, bytes: i32): i32 {
  const score = changetype<ContentScore>(SCORE);
  scoreContent(model, ptr, bytes, score);
  return score.evidence;
}

/** As contentEvidence, with both scores and the fields that made them. */
export function scoreContent(
  model: ContentModel,
  ptr: usize,
  bytes: i32,
  score: ContentScore,
): void {
  score.fields = splitTarget(ptr, bytes);
  score.supervised = NOTHING;
  score.oneClass = NOTHING;
  score.supervisedField = 0;
  score.oneClassField = 0;
  for (let field = 0; field < score.fields; field++) scoreField(model, field, score);
  score.supervisedEvidence = alongCurve(
    model.supervisedCurve,
    model.supervisedKnots,
    score.supervised,
  );
  score.oneClassEvidence = alongCurve(model.oneClassCurve, model.oneClassKnots, score.oneClass);
  score.evidence = together(model, score);
}

/** Adds up a field's entries and keeps the larger scores. */
function scoreField(model: ContentModel, field: i32, score: ContentScore): void {
  const begin = fieldBegin(field);
  const end = fieldEnd(field);
  const text = fieldText();
  const weights = model.weights;
  const shift = model.hashShift;
  let supervised = 0;
  let oneClass = 0;
  let before: u32 = 0;
  for (let at = begin; at < end; at++) {
    const byte = <u32>load<u8>(text + at);
    const two = (before & 0xff) << 8;
    const key = before << 8;
    const first = weights + entryAt((byte + 1) * CONTENT_HASH_1, shift);
    const second = weights + entryAt((two + byte + 0x10000) * CONTENT_HASH_2, shift);
    const third = weights + entryAt((key + byte + 0x1000000) * CONTENT_HASH_3, shift);
    supervised += <i32>load<i8>(first) + <i32>load<i8>(second) + <i32>load<i8>(third);
    oneClass += <i32>load<i8>(first, 1) + <i32>load<i8>(second, 1) + <i32>load<i8>(third, 1);
    before = two + byte;
  }
  const unit = <i32>sqrt<f64>(<f64>((end - begin + 4) << 16));
  const supervisedScore = (supervised << 12) / unit + model.supervisedBias;
  const oneClassScore = (oneClass << 12) / unit + model.oneClassBias;
  if (supervisedScore > score.supervised) {
    score.supervised = supervisedScore;
    score.supervisedField = field;
  }
  if (oneClassScore > score.oneClass) {
    score.oneClass = oneClassScore;
    score.oneClassField = field;
  }
}

/** @returns byte offset of a hash's entry */
// @ts-ignore: decorator
@inline
function entryAt(hash: u32, shift: i32): usize {
  return (<usize>(hash >> shift)) << 1;
}

/**
 * Weight of the three n-grams that end at a byte of the last split target.
 *
 * @param begin where the byte's field begins
 * @param oneClass of the one-class table instead of the supervised one
 */
export function weightAt(model: ContentModel, begin: i32, at: i32, oneClass: bool): i32 {
  const text = fieldText();
  const byte = <u32>load<u8>(text + at);
  const b = at > begin ? <u32>load<u8>(text + at - 1) : 0;
  const a = at > begin + 1 ? <u32>load<u8>(text + at - 2) : 0;
  const table = model.weights + <usize>oneClass;
  const shift = model.hashShift;
  return (
    <i32>load<i8>(table + entryAt((byte + 1) * CONTENT_HASH_1, shift)) +
    <i32>load<i8>(table + entryAt((b * 256 + byte + 0x10000) * CONTENT_HASH_2, shift)) +
    <i32>load<i8>(table + entryAt((a * 65536 + b * 256 + byte + 0x1000000) * CONTENT_HASH_3, shift))
  );
}

/** A calibration curve: linear between its knots, level outside. */
function alongCurve(curve: usize, knots: i32, score: i32): i32 {
  const last = curve + ((<usize>(knots - 1)) << 3);
  if (score >= load<i32>(last)) return load<i32>(last, 4);
  if (score <= load<i32>(curve)) return load<i32>(curve, 4);
  let knot = curve;
  while (score >= load<i32>(knot, 8)) knot += 8;
  const low = load<i32>(knot);
  const evidence = load<i32>(knot, 4);
  const rise = load<i32>(knot, 12) - evidence;
  return evidence + <i32>((<i64>(score - low) * rise) / (load<i32>(knot, 8) - low));
}

/** The stronger table's evidence; two looks cost a factor of two (Bonferroni). */
function together(model: ContentModel, score: ContentScore): i32 {
  const both = CONTENT_HAS_SUPERVISED | CONTENT_HAS_ONE_CLASS;
  if (model.flags == CONTENT_HAS_SUPERVISED) return score.supervisedEvidence;
  if (model.flags != both) return score.oneClassEvidence;
  const stronger = max(score.supervisedEvidence, score.oneClassEvidence);
  return max(0, stronger - CONTENT_TWO_TABLES_EVIDENCE);
}
