// How a target falls into fields, and that a score stays in bounds whatever the table holds.

import {
  CONTENT_BYTES_MAX,
  CONTENT_HAS_SUPERVISED,
} from "../../../assembly/contract/content-artifact";
import { ContentModel } from "../../../assembly/content/content-model";
import { fieldBegin, fieldEnd, fieldText, splitTarget } from "../../../assembly/content/fields";
import { ContentScore, scoreContent } from "../../../assembly/content/score";
import { nextBelow, seedStream } from "../random-stream";

const TARGET: usize = memory.data(2048, 16);
const WEIGHTS: usize = memory.data(8192, 16);
const CURVE: usize = memory.data(128, 16);
const MODEL: usize = memory.data(128, 16);
const SCORE: usize = memory.data(32, 16);

function put(text: string): i32 {
  return <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, TARGET);
}

/** A field of the last split as text. */
function field(index: i32): string {
  const begin = fieldBegin(index);
  return String.UTF8.decodeUnsafe(fieldText() + begin, fieldEnd(index) - begin);
}

function model(): ContentModel {
  const found = changetype<ContentModel>(MODEL);
  found.hashShift = 20;
  found.flags = CONTENT_HAS_SUPERVISED;
  found.supervisedKnots = 2;
  found.oneClassKnots = 2;
  found.weights = WEIGHTS;
  found.supervisedCurve = CURVE;
  found.oneClassCurve = CURVE;
  store<i32>(CURVE, 0, 0);
  store<i32>(CURVE, 0, 4);
  store<i32>(CURVE, 1000, 8);
  store<i32>(CURVE, 2560, 12);
  return found;
}

describe("a target", () => {
  it("falls into segments, keys and values, decoded and folded", () => {
    expect(splitTarget(TARGET, put("/Api/v2?Name=O%27Neil&q=a+b"))).toBe(6);
    expect(field(0)).toBe("/api");
    expect(field(1)).toBe("/v0");
    expect(field(2)).toBe("name");
    expect(field(3)).toBe("o'neil");
    expect(field(5)).toBe("a b");
  });

  it("of nothing but delimiters has no field beyond its slashes", () => {
    expect(splitTarget(TARGET, put("?&&=&"))).toBe(0);
    expect(splitTarget(TARGET, put("///"))).toBe(3);
  });

  it("of any bytes and length stays within its memory", () => {
    seedStream(5);
    for (let round = 0; round < 300; round++) {
      const length = nextBelow(1500);
      for (let i: u32 = 0; i < length; i++) store<u8>(TARGET + i, nextBelow(256));
      const fields = splitTarget(TARGET, length);
      expect(fields).toBeLessThanOrEqual(CONTENT_BYTES_MAX);
      if (fields > 0) expect(fieldEnd(fields - 1)).toBeLessThanOrEqual(CONTENT_BYTES_MAX);
    }
  });
});

describe("a content score", () => {
  it("is the sum over the root of the length, in sixteenths", () => {
    memory.fill(WEIGHTS, 1, 8192);
    const score = changetype<ContentScore>(SCORE);
    scoreContent(model(), TARGET, put("abcde"), score);
    // 5 bytes with 3 entries of weight 1: 16 * 15 / sqrt(5 + 4).
    expect(score.supervised).toBe(80);
    expect(score.supervisedEvidence).toBe((2560 * 80) / 1000);
  });

  it("does not overflow at the longest field and the largest weights", () => {
    memory.fill(WEIGHTS, 0x80, 8192);
    memory.fill(TARGET, 0x61, 2048);
    const score = changetype<ContentScore>(SCORE);
    scoreContent(model(), TARGET, CONTENT_BYTES_MAX, score);
    // 16 * 3 * 512 * -128 / sqrt(516), the root rounded down to 1/256.
    expect(score.supervised).toBe(-138487);
    expect(score.evidence).toBe(0);
  });
});
