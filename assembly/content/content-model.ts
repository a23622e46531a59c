// Pointers into a content artifact and its few numbers, as the scorer's Model is to its own.

import {
  CONTENT_AT_ATTACK_SCORE,
  CONTENT_AT_ENTRIES,
  CONTENT_AT_FLAGS,
  CONTENT_AT_MODEL_VERSION,
  CONTENT_AT_ONE_CLASS_BIAS,
  CONTENT_AT_ONE_CLASS_KNOTS,
  CONTENT_AT_SELF_TESTS,
  CONTENT_AT_SUPERVISED_BIAS,
  CONTENT_AT_SUPERVISED_KNOTS,
  CONTENT_HEADER_BYTES,
  CONTENT_KNOTS_MAX,
  contentKnotsOffset,
  contentSelfTestOffset,
} from "../contract/content-artifact";

// @ts-ignore: decorator
@unmanaged
@final
export class ContentModel {
  version: u32;
  /** Right shift that makes an entry's number of a hash. */
  hashShift: i32;
  flags: i32;
  attackScore: i32;
  supervisedBias: i32;
  oneClassBias: i32;
  supervisedKnots: i32;
  oneClassKnots: i32;
  selfTests: i32;
  /** { i8 supervised, i8 one-class }[entries]. */
  weights: usize;
  /** { i32 score, i32 evidence }[16] each. */
  supervisedCurve: usize;
  oneClassCurve: usize;
  selfTest: usize;
}

/** Bytes of a ContentModel. */
export const CONTENT_MODEL_BYTES: usize = offsetof<ContentModel>();

/**
 * Points a ContentModel at an artifact.
 * @param ptr artifact that validateContent accepted (or whose shape it has checked), aligned to 16
 */
export function mapContent(ptr: usize, model: ContentModel): void {
  const entries = load<i32>(ptr, CONTENT_AT_ENTRIES);
  model.version = load<u32>(ptr, CONTENT_AT_MODEL_VERSION);
  model.hashShift = 32 - <i32>ctz<i32>(entries);
  model.flags = load<i32>(ptr, CONTENT_AT_FLAGS);
  model.attackScore = load<i32>(ptr, CONTENT_AT_ATTACK_SCORE);
  model.supervisedBias = load<i32>(ptr, CONTENT_AT_SUPERVISED_BIAS);
  model.oneClassBias = load<i32>(ptr, CONTENT_AT_ONE_CLASS_BIAS);
  model.supervisedKnots = load<i32>(ptr, CONTENT_AT_SUPERVISED_KNOTS);
  model.oneClassKnots = load<i32>(ptr, CONTENT_AT_ONE_CLASS_KNOTS);
  model.selfTests = load<i32>(ptr, CONTENT_AT_SELF_TESTS);
  model.weights = ptr + CONTENT_HEADER_BYTES;
  model.supervisedCurve = ptr + contentKnotsOffset(entries);
  model.oneClassCurve = model.supervisedCurve + 8 * CONTENT_KNOTS_MAX;
  model.selfTest = ptr + contentSelfTestOffset(entries);
}
