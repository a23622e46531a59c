// Content artifacts and targets drawn at random, valid and with extremes, for parity and mutations.

import {
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_SELF_TEST_TARGET_BYTES,
} from "../../../host-tools/src/contract";
import type {
  ContentArtifact,
  ContentTable,
} from "../../../host-tools/src/content/content-artifact";
import { scoreContent } from "../../../host-tools/src/content/reference-content";
import type { Prng } from "../../../host-tools/src/lib/prng";

function randomTable(random: Prng, entries: number): ContentTable {
  const extreme = random.below(4) === 0;
  const weight = () => (extreme ? (random.below(2) === 0 ? -128 : 127) : random.below(256) - 128);
  let score = -2000 - random.below(3000);
  let evidence = 0;
  const curve = Array.from({ length: 2 + random.below(15) }, () => {
    score += 1 + random.below(900);
    evidence = Math.min(2560, evidence + random.below(400));
    return { score, evidence };
  });
  return {
    weights: Int8Array.from({ length: entries }, weight),
    bias: random.below(4001) - 2000,
    curve,
  };
}

/** A valid artifact of any size, its self-tests made by the reference. */
export function randomContent(random: Prng): ContentArtifact {
  const entries = 512 << random.below(4);
  const artifact: ContentArtifact = {
    name: `random-${entries}`,
    modelVersion: random.u32(),
    supervised: randomTable(random, entries),
    oneClass: randomTable(random, entries),
    flags: 1 + random.below(CONTENT_HAS_SUPERVISED | CONTENT_HAS_ONE_CLASS),
    attackScore: random.below(2001) - 1000,
    trainingSeed: random.u32(),
    trainingExamples: random.below(1_000_000),
    selfTests: [],
  };
  const selfTests = Array.from({ length: 4 + random.below(13) }, () => {
    const target = randomTarget(random, CONTENT_SELF_TEST_TARGET_BYTES);
    const { supervised, oneClass, evidence } = scoreContent(artifact, target);
    return { target, supervised, oneClass, evidence };
  });
  return { ...artifact, selfTests };
}

const PIECES = [
  "/",
  "?",
  "&",
  "=",
  "%",
  "+",
  "%2F",
  "%3f",
  "%zz",
  "%e",
  "..",
  "A",
  "z9",
  "\0",
  "é",
];

/** A target of 1 to `longest` bytes: pieces that mean something, words, or bytes at random. */
export function randomTarget(random: Prng, longest: number): Uint8Array {
  const length = 1 + random.below(longest);
  const bytes: number[] = [];
  const style = random.below(3);
  while (bytes.length < length) {
    const choice = style === 2 ? 0 : random.below(style === 0 ? 4 : 2);
    if (choice === 0) bytes.push(random.below(256));
    else if (choice === 1) bytes.push(...Buffer.from(PIECES[random.below(PIECES.length)]!));
    else bytes.push(97 + random.below(26));
  }
  return Uint8Array.from(bytes.slice(0, length));
}
