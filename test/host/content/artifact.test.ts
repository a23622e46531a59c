// Content artifacts as bytes: they come back as they were written, and whatever is done to them,
// the filter answers with a status, the host tool with the same, and nothing traps.

import { describe, expect, it } from "vitest";
import { ArtifactStatus, artifactStatusName } from "../../../host-tools/src/contract";
import { decodeContent, encodeContent } from "../../../host-tools/src/content/content-artifact";
import { scoreContent } from "../../../host-tools/src/content/reference-content";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { type Prng, seededPrng } from "../../../host-tools/src/lib/prng";
import { randomContent, randomTarget } from "./random-content";
import { startContentLab } from "./start-lab";

const lab = startContentLab();

/** What the host tool says of the bytes, as the filter's status. */
function hostStatus(bytes: Uint8Array): string {
  try {
    const artifact = decodeContent(bytes);
    const good = artifact.selfTests.every(({ target, ...expected }) => {
      const { supervised, oneClass, evidence } = scoreContent(artifact, target);
      return (
        supervised === expected.supervised &&
        oneClass === expected.oneClass &&
        evidence === expected.evidence
      );
    });
    return good ? "ok" : "self_test_failed";
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    return error.code.replace("E_ARTIFACT_", "").toLowerCase();
  }
}

const WORDS = [0, 1, 2, 3, 16, 17, 111, 113, 1024, 8192, 0x7fffffff, 0x80000000, 0xffffffff];

/** One seeded way of breaking an artifact. */
function mutate(random: Prng, good: Uint8Array): Uint8Array {
  const bytes = good.slice();
  const view = new DataView(bytes.buffer);
  switch (random.below(5)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length));
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + random.below(64));
      longer.set(bytes);
      return longer;
    }
    case 2:
      view.setUint32(4 * random.below(32), WORDS[random.below(WORDS.length)]!, true);
      return bytes;
    case 3: {
      const at = bytes.length - 4 - 4 * random.below(600);
      view.setUint32(Math.max(0, at), WORDS[random.below(WORDS.length)]!, true);
      return bytes;
    }
    default:
      bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
  }
}

describe("a content artifact", () => {
  it("comes back from its bytes as it was", () => {
    const random = seededPrng(21);
    for (let i = 0; i < 20; i++) {
      const artifact = randomContent(random);
      expect(decodeContent(encodeContent(artifact))).toEqual(artifact);
    }
  });

  it("is refused by the filter and by the tool for the same reason when it is broken", () => {
    const random = seededPrng(22);
    const seen = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      if (i % 100 === 0) good = encodeContent(randomContent(random));
      const bytes = mutate(random, good);
      const status = artifactStatusName(lab.load(bytes));
      expect(hostStatus(bytes)).toBe(status);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      if (status === "ok") lab.score(randomTarget(random, 300));
    }
    for (const status of ["too_short", "bad_length", "bad_header", "self_test_failed"]) {
      expect(seen.get(status), status).toBeGreaterThan(0);
    }
  });

  it("is refused by the name of the field, its value and its bound", () => {
    const bytes = encodeContent(randomContent(seededPrng(23)));
    new DataView(bytes.buffer).setInt32(28, 17, true);
    expect(() => decodeContent(bytes)).toThrow(
      "knots of the supervised score is 17, must be 2 to 16",
    );
    expect(lab.load(bytes)).toBe(ArtifactStatus.BadHeader);
  });

  it("is refused when a weight was changed, by its self-test", () => {
    const artifact = randomContent(seededPrng(24));
    const bytes = encodeContent(artifact);
    for (let at = 256; at < 256 + 2 * artifact.supervised.weights.length; at++) bytes[at]! ^= 0x40;
    expect(lab.load(bytes)).toBe(ArtifactStatus.SelfTestFailed);
  });
});

let good: Uint8Array = encodeContent(randomContent(seededPrng(20)));
