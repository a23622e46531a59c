// Artifacts from a liar: whatever the bytes, validation answers, nothing traps, and what is
// accepted can be scored without touching anything but its own state.

import { beforeAll, describe, expect, it } from "vitest";
import {
  ARTIFACT_BYTES_MAX,
  Architecture,
  ArtifactStatus,
  BIAS_MAX,
  EVIDENCE_MAX,
  FEATURES,
  SURPRISE_MAX,
  artifactStatusName,
} from "../../../host-tools/src/contract";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { type Prng, seededPrng } from "../../../host-tools/src/lib/prng";
import { decodeArtifact, encodeArtifact } from "../../../host-tools/src/model/artifact";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { selfTestPasses } from "../../../host-tools/src/model/quantiser";
import { ARCHITECTURES, randomArtifact, randomInput } from "./random-artifact";
import { startLab } from "./start-lab";

let lab: ModelLab;
beforeAll(() => {
  lab = startLab();
});

/** What the host tool says of the bytes, as the filter's status. */
function hostStatus(bytes: Uint8Array): string {
  try {
    return selfTestPasses(decodeArtifact(bytes)) ? "ok" : "self_test_failed";
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    return error.code.replace("E_ARTIFACT_", "").toLowerCase();
  }
}

const INTERESTING = [
  0,
  1,
  7,
  8,
  16,
  64,
  255,
  0x7fff,
  0x8000,
  0xffff,
  0x7f800000,
  0x7fc00000,
  0xff800000,
  0x80000000,
  0x7fffffff,
  0xffffffff,
  BIAS_MAX + 1,
  SURPRISE_MAX + 1,
];

/** One seeded way of breaking an artifact. */
function mutate(random: Prng, good: Uint8Array): Uint8Array {
  const bytes = good.slice();
  const view = new DataView(bytes.buffer);
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length)).slice();
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + random.below(64));
      longer.set(bytes);
      return longer;
    }
    case 2:
      for (let n = 1 + random.below(4); n > 0; n--) {
        const at = random.below(bytes.length);
        bytes[at] = bytes[at]! ^ (1 << random.below(8));
      }
      return bytes;
    case 3:
      view.setUint32(4 * random.below(64), INTERESTING[random.below(INTERESTING.length)]!, true);
      return bytes;
    case 4: {
      const at = 4 * random.below(bytes.length / 4);
      view.setUint32(at, INTERESTING[random.below(INTERESTING.length)]!, true);
      return bytes;
    }
    case 5:
      view.setUint32(4 * random.below(20), random.u32(), true);
      return bytes;
    default:
      return Uint8Array.from({ length: random.below(2000) }, () => random.below(256));
  }
}

const named = ARCHITECTURES.map(
  (architecture) => [Architecture[architecture], architecture] as const,
);

describe("validation of hostile artifacts", () => {
  it.each(named)("of a %s scorer never traps and agrees with the host tool", (_, architecture) => {
    const random = seededPrng(7 + architecture);
    const counts = new Map<string, number>();
    for (let round = 0; round < 16; round++) {
      const good = encodeArtifact(
        randomArtifact(random, { architecture, hidden: 8 * (1 + random.below(3)) }),
      );
      for (let i = 0; i < 250; i++) {
        const bytes = mutate(random, good);
        const status = artifactStatusName(lab.load(bytes));
        counts.set(status, (counts.get(status) ?? 0) + 1);
        if (status !== hostStatus(bytes)) expect.fail(`${status} but host ${hostStatus(bytes)}`);
        if (status === "ok") scoreInBounds(random, bytes);
      }
    }
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    expect(total).toBe(4_000);
    // Every kind of refusal but those that need a lucky hit must have been seen.
    expect([...counts.keys()].sort()).toEqual(
      expect.arrayContaining([
        "bad_header",
        "bad_length",
        "bad_magic",
        "bad_shape",
        "ok",
        "too_short",
      ]),
    );
    expect(counts.size).toBeGreaterThanOrEqual(13);
  });

  /** Scores extremes and checks that what lies around the state block stays as it was. */
  function scoreInBounds(random: Prng, bytes: Uint8Array): void {
    const state = lab.freshState(2);
    const around = [lab.freshState(1), lab.freshState(3)];
    const memory = new Uint8Array(lab.wasm.memory.buffer);
    for (let step = 0; step < 8; step++) {
      lab.setQuantised(randomInput(random, FEATURES));
      const evidence = lab.wasm.evidenceSimd(state);
      if (evidence < 0 || evidence > EVIDENCE_MAX) expect.fail(`evidence is ${evidence}`);
    }
    const blockBytes = lab.wasm.stateBlockBytes();
    const used = state + lab.wasm.modelStateBytes();
    around.push(used);
    for (const block of around) {
      const end = block === used ? state + blockBytes : block + blockBytes;
      if (memory.subarray(block, end).some((b) => b !== 0)) expect.fail("wrote outside");
    }
    const area = lab.wasm.artifactArea();
    const artifact = memory.subarray(area, area + bytes.length);
    if (Buffer.compare(artifact, bytes) !== 0) expect.fail("the artifact changed");
  }

  it("refuses an artifact over the limit before it reads it", () => {
    expect(lab.wasm.validate(ARTIFACT_BYTES_MAX + 1)).not.toBe(ArtifactStatus.Ok);
  });

  it.each(["Infinity", "-Infinity", "NaN", "1e38", "-1e38", "0", "1e-45"])(
    "quantises a feature of %s without trapping",
    (text) => {
      const artifact = randomArtifact(seededPrng(3), { hidden: 16 });
      expect(lab.load(encodeArtifact(artifact))).toBe(ArtifactStatus.Ok);
      const state = lab.freshState(0);
      for (let step = 0; step < 20; step++) {
        lab.setRaw(new Float32Array(FEATURES).fill(Number(text)));
        const evidence = lab.wasm.evidence(state);
        expect(evidence).toBeGreaterThanOrEqual(0);
        expect(evidence).toBeLessThanOrEqual(EVIDENCE_MAX);
      }
    },
  );
});

describe("decoding", () => {
  it("is the inverse of encoding", () => {
    for (let seed = 0; seed < 50; seed++) {
      const architecture = ARCHITECTURES[seed % 4]!;
      const artifact = randomArtifact(seededPrng(seed), {
        architecture,
        hidden: 8 * (1 + (seed % 8)),
      });
      const stateBytes = 8192;
      expect(decodeArtifact(encodeArtifact(artifact), { stateBytes })).toEqual(artifact);
    }
  });

  it("names the field, the value and the bound", () => {
    const bytes = encodeArtifact(randomArtifact(seededPrng(1), { hidden: 16 }));
    new DataView(bytes.buffer).setUint32(32, 65, true);
    expect(() => decodeArtifact(bytes)).toThrow(
      "artifact bad_shape: hidden is 65, must be 8 to 64",
    );
  });
});
