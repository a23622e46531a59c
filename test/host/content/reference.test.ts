// What a target's fields are, told by the reference, and that the filter's own code agrees with the
// reference in every number over random targets and artifacts.

import { describe, expect, it } from "vitest";
import { ArtifactStatus, CONTENT_BYTES_MAX } from "../../../host-tools/src/contract";
import { encodeContent } from "../../../host-tools/src/content/content-artifact";
import { contentFields, scoreContent } from "../../../host-tools/src/content/reference-content";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { randomContent, randomTarget } from "./random-content";
import { startContentLab } from "./start-lab";

const lab = startContentLab();

/** Normalised fields of a target, as text. */
const fieldsOf = (target: string) =>
  contentFields(Buffer.from(target, "latin1")).map(({ text }) => String.fromCharCode(...text));

describe("the fields of a target", () => {
  it.each([
    ["/api/v2/Users/812", ["/api", "/v0", "/users", "/000"]],
    ["/a?x=1&y=two", ["/a", "x", "0", "y", "two"]],
    ["/a?q=b=c", ["/a", "q", "b=c"]],
    ["/a?flag&&x=", ["/a", "flag", "x"]],
    ["/a%2Fb?q=%27+or+1", ["/a/b", "q", "' or 0"]],
    ["/a+b", ["/a+b"]],
    ["/a?q=100%", ["/a", "q", "000%"]],
    ["/a?q=%2527", ["/a", "q", "%00"]],
    ["//../..", ["/", "/..", "/.."]],
    ["", []],
    ["?", []],
  ])("of %s are %j", (target, fields) => {
    expect(fieldsOf(target)).toEqual(fields);
  });

  it("of a long target are those of its head and its tail, none across", () => {
    const long = `/a?q=${"b".repeat(1000)}&last=c'd`;
    const fields = fieldsOf(long);
    expect(fields.slice(0, 2)).toEqual(["/a", "q"]);
    expect(fields.slice(-2)).toEqual(["last", "c'd"]);
    expect(fields.join("").length).toBeLessThanOrEqual(CONTENT_BYTES_MAX);
    expect(fields[2]).toBe("b".repeat(384 - 5));
  });

  it("remember where each byte came from", () => {
    const [, , value] = contentFields(Buffer.from("/a?q=x%27y"));
    expect(value!.origins).toEqual([5, 6, 9]);
  });
});

describe("the filter's content scorer", () => {
  it("agrees with the reference in every number", () => {
    const random = seededPrng(11);
    for (let model = 0; model < 40; model++) {
      const artifact = randomContent(random);
      expect(lab.load(encodeContent(artifact))).toBe(ArtifactStatus.Ok);
      for (let i = 0; i < 250; i++) {
        const target = randomTarget(random, i % 5 === 0 ? 1400 : 120);
        const expected = scoreContent(artifact, target);
        expect(lab.score(target), Buffer.from(target).toString("latin1")).toEqual(expected);
      }
    }
  });

  it("agrees at the lengths where the head ends and the tail begins", () => {
    const random = seededPrng(12);
    const artifact = randomContent(random);
    lab.load(encodeContent(artifact));
    for (let length = 380; length <= 520; length++) {
      for (const filler of ["%", "/", "?", "&", "=", "%4", "ab"]) {
        const target = Buffer.from(`/x?y=${filler.repeat(length)}`).subarray(0, length);
        expect(lab.score(target), `${filler} ${length}`).toEqual(scoreContent(artifact, target));
      }
    }
  });

  it("says no evidence of an empty target", () => {
    const random = seededPrng(13);
    const artifact = randomContent(random);
    lab.load(encodeContent(artifact));
    const score = lab.score(new Uint8Array(0));
    expect(score.fields).toBe(0);
    expect(score.supervisedEvidence).toBe(artifact.supervised.curve[0]!.evidence);
  });

  it("keeps its arithmetic in bounds when every weight is extreme", () => {
    const random = seededPrng(14);
    for (const weight of [-128, 127]) {
      const base = randomContent(random);
      const weights = new Int8Array(4096).fill(weight);
      const table = { ...base.supervised, weights };
      const artifact = { ...base, supervised: table, oneClass: table, selfTests: [] };
      const selfTests = ["/a", "/b", "/c", "/d"].map((text) => {
        const target = Buffer.from(text);
        const { supervised, oneClass, evidence } = scoreContent(artifact, target);
        return { target, supervised, oneClass, evidence };
      });
      expect(lab.load(encodeContent({ ...artifact, selfTests }))).toBe(ArtifactStatus.Ok);
      const longest = Buffer.from("x".repeat(600));
      const score = lab.score(longest);
      expect(score).toEqual(scoreContent(artifact, longest));
      expect(score.fields).toBe(2);
      expect(Math.abs(score.supervised)).toBeGreaterThan(60_000);
    }
  });

  it("names the heaviest pieces and where they end in the target", () => {
    const random = seededPrng(15);
    const artifact = randomContent(random);
    lab.load(encodeContent(artifact));
    const target = Buffer.from("/search?q=%27%20or%201%3D1--");
    const score = lab.score(target);
    const pieces = lab.pieces(score.supervisedField, false);
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.length).toBeLessThanOrEqual(4);
    const weights = pieces.map((piece) => piece.weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    const origins = contentFields(target)[score.supervisedField]!.origins;
    for (const piece of pieces) expect(origins).toContain(piece.at);
  });
});
