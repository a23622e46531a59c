// The Transformer's step: SIMD kernels = scalar kernels = reference, bit for bit, over long runs; its
// tables and approximations within the errors that their files state; its validation.

import { beforeAll, describe, expect, it } from "vitest";
import {
  TRANSFORMER_AT_FEED_FORWARD,
  TRANSFORMER_AT_HEADS,
  TRANSFORMER_AT_RING,
  TRANSFORMER_AT_SHIFTS,
  TRANSFORMER_HEADER_BYTES,
  transformerMatrixOffset,
  transformerStateBytes,
} from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  decodeTransformer,
  encodeTransformer,
  type QuantisedTransformer,
  type TransformerShape,
} from "../../../host-tools/src/model/quantised-transformer";
import {
  exp2Q14,
  normQ13,
  ReferenceTransformer,
  sharesQ15,
} from "../../../host-tools/src/model/reference-transformer";
import { randomInput } from "./random-artifact";
import { randomTransformer } from "./random-transformer";
import { startTransformerLab, type TransformerLab } from "./transformer-lab";

let lab: TransformerLab;
beforeAll(() => {
  lab = startTransformerLab();
});

function shape(hidden: number, heads: number, more: Partial<TransformerShape> = {}) {
  return { inputs: 24, hidden, heads, ring: 16, feedForward: 2 * hidden, ...more };
}

/** Puts a layer into the module; false when its validation refuses it. */
function load(model: QuantisedTransformer, bytes = encodeTransformer(model)): boolean {
  const { inputs, hidden } = model.shape;
  new Uint8Array(lab.memory.buffer).set(bytes, lab.sectionArea());
  if (lab.bytesOf(bytes.length, inputs, hidden) !== bytes.length) return false;
  if (lab.validate(inputs, hidden) === 0) return false;
  lab.map(inputs, hidden);
  return true;
}

function freshState(index: number): number {
  const state = lab.stateArea(index);
  new Uint8Array(lab.memory.buffer, state, 4096).fill(0);
  return state;
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

/** Runs all three side by side; returns the first step at which anything differs, -1 for none. */
function firstDifference(model: QuantisedTransformer, seed: number, steps: number): number {
  const { inputs, hidden, ring } = model.shape;
  const random = seededPrng(seed);
  expect(load(model)).toBe(true);
  const reference = new ReferenceTransformer(model);
  const [simd, scalar] = [freshState(0), freshState(1)];
  const bytes = transformerStateBytes(hidden, ring);
  const x = new Int16Array(lab.memory.buffer, lab.vectorArea(), inputs);
  const seen = new Int16Array(lab.memory.buffer, simd, hidden);
  const stateSimd = new Uint8Array(lab.memory.buffer, simd, bytes);
  const stateScalar = new Uint8Array(lab.memory.buffer, scalar, bytes);
  for (let step = 0; step < steps; step++) {
    x.set(randomInput(random, inputs));
    lab.stepSimd(simd);
    lab.stepScalar(scalar);
    reference.step(x);
    if (!same(seen, reference.hidden) || !same(stateSimd, stateScalar)) return step;
  }
  return -1;
}

describe("the Transformer's three implementations", () => {
  it.each([
    [8, 1],
    [8, 2],
    [16, 1],
    [16, 2],
    [16, 4],
    [24, 2],
    [32, 4],
    [40, 2],
    [48, 4],
    [64, 4],
  ])("agree over a long run with %i hidden values and %i heads", (hidden, heads) => {
    const model = randomTransformer(seededPrng(hidden + heads), shape(hidden, heads));
    expect(firstDifference(model, 500 + hidden, 10_000)).toBe(-1);
  });

  it.each([
    [8, 1],
    [16, 2],
    [64, 1],
    [64, 4],
  ])("agree on every accumulator's extremes: %i hidden values, %i heads", (hidden, heads) => {
    for (let seed = 0; seed < 20; seed++) {
      const model = randomTransformer(
        seededPrng(600 + seed),
        shape(hidden, heads, { inputs: 64, feedForward: 128 }),
        true,
      );
      expect(firstDifference(model, 700 + seed, 100)).toBe(-1);
    }
  });

  it("agree over many random layers of any shape", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededPrng(seed);
      const heads = [1, 2, 4][random.below(3)]!;
      const unit = heads === 4 ? 16 : 8;
      const model = randomTransformer(random, {
        inputs: 8 * (1 + random.below(8)),
        hidden: unit * (1 + random.below(64 / unit)),
        heads,
        ring: random.below(2) === 0 ? 8 : 16,
        feedForward: 16 * (1 + random.below(8)),
      });
      expect(firstDifference(model, seed, 100)).toBe(-1);
    }
  });

  it("agree and do not trap on a state of random bytes", () => {
    const random = seededPrng(8);
    const model = randomTransformer(random, shape(16, 2));
    expect(load(model)).toBe(true);
    for (let round = 0; round < 200; round++) {
      const areas = [0, 1].map((index) => {
        return new Uint8Array(lab.memory.buffer, freshState(index), transformerStateBytes(16, 16));
      });
      areas[0]!.forEach((_, i) => (areas[0]![i] = random.below(256)));
      areas[1]!.set(areas[0]!);
      for (let step = 0; step < 20; step++) {
        lab.stepSimd(areas[0]!.byteOffset);
        lab.stepScalar(areas[1]!.byteOffset);
        expect(same(areas[0]!, areas[1]!)).toBe(true);
      }
    }
  });

  it("leave the state's last byte inside and the byte behind it alone", () => {
    const model = randomTransformer(seededPrng(3), shape(24, 2));
    expect(load(model)).toBe(true);
    const [state, bytes] = [freshState(0), transformerStateBytes(24, 16)];
    const behind = new Uint8Array(lab.memory.buffer, state + bytes, 4096 - bytes).fill(0xa5);
    for (let step = 0; step < 40; step++) lab.stepSimd(state);
    expect(behind.every((byte) => byte === 0xa5)).toBe(true);
    expect(new Uint8Array(lab.memory.buffer, state, bytes).slice(-16).some((b) => b !== 0)).toBe(
      true,
    );
  });
});

describe("the Transformer's memory", () => {
  it("is at most 700 bytes a key for 16 hidden values", () => {
    expect(transformerStateBytes(16, 16)).toBe(560);
    expect(lab.fits()).toBe(1);
  });

  it("reaches exactly as far back as the ring is long", () => {
    const model = randomTransformer(seededPrng(9), shape(16, 2, { ring: 8 }));
    const random = seededPrng(10);
    const tail = Array.from({ length: 8 }, () => randomInput(random, 24));
    const hiddenAfter = (steps: readonly Int16Array[]) => {
      const reference = new ReferenceTransformer(model);
      for (const x of steps) reference.step(x);
      return Array.from(reference.hidden);
    };
    const before = Array.from({ length: 5 }, () => new Int16Array(24).fill(9000));
    expect(hiddenAfter([...before, ...tail])).toEqual(hiddenAfter(tail));
    const changed = [new Int16Array(24).fill(9000), ...tail.slice(1)];
    expect(hiddenAfter(changed)).not.toEqual(hiddenAfter(tail));
  });
});

describe("the Transformer's approximations", () => {
  it("hold the error of 2^-x that attention.ts states, and agree with the reference", () => {
    let worst = 0;
    for (let x = 0; x <= 32767; x++) {
      expect(lab.exp2Q14(x)).toBe(exp2Q14(x));
      worst = Math.max(worst, Math.abs(exp2Q14(x) / 16384 - 2 ** (-x / 2048)));
    }
    expect(worst).toBeLessThan(1.3e-4 + 0.5 / 16384);
    expect(worst).toBeGreaterThan(5e-5);
    expect(exp2Q14(0)).toBe(16384);
    expect(exp2Q14(32767)).toBe(0);
  });

  it("share out one whole among the steps, each within 2e-4", () => {
    const random = seededPrng(21);
    for (let round = 0; round < 2000; round++) {
      const spread = 10 ** (2 * random.uniform());
      const scores = Array.from({ length: 1 + random.below(16) }, () =>
        Math.round(16384 * spread * random.normal()),
      );
      const exact = scores.map((score) => 2 ** ((score - Math.max(...scores)) / 16384));
      const whole = exact.reduce((a, b) => a + b, 0);
      const shares = sharesQ15(scores);
      shares.forEach((share, i) => {
        expect(Math.abs(share / 32768 - exact[i]! / whole)).toBeLessThan(2e-4);
      });
      const sum = shares.reduce((a, b) => a + b, 0);
      expect(Math.abs(sum - 32768)).toBeLessThanOrEqual(12);
    }
  });

  it("normalise within 3e-4 and half a unit, at any size", () => {
    const random = seededPrng(22);
    for (let round = 0; round < 4000; round++) {
      const hidden = 8 * (1 + random.below(8));
      const size = 10 ** (4.3 * random.uniform());
      const r = Int16Array.from({ length: hidden }, () =>
        Math.max(-32768, Math.min(32767, Math.round(size * random.normal()))),
      );
      const squares = r.reduce((sum, value) => sum + (value / 1024) ** 2, 0);
      const root = Math.sqrt(squares / hidden + 2 ** -10);
      normQ13(r).forEach((got, i) => {
        const exact = Math.max(-4, Math.min(32767 / 8192, r[i]! / 1024 / root));
        expect(Math.abs(got / 8192 - exact)).toBeLessThan(3e-4 * Math.abs(exact) + 0.51 / 8192);
      });
    }
  });

  it("normalise the same with SIMD, scalar and reference, extremes included", () => {
    const area = lab.vectorArea();
    const random = seededPrng(23);
    for (let hidden = 8; hidden <= 64; hidden += 8) {
      const r = new Int16Array(lab.memory.buffer, area, hidden);
      const [a, b] = [area + 256, area + 512];
      for (const fill of [0, 1, -1, 100, 32767, -32768, undefined]) {
        r.forEach((_, i) => (r[i] = fill ?? random.below(65536) - 32768));
        lab.normSimd(a, area, hidden);
        lab.normScalar(b, area, hidden);
        const expected = normQ13(r);
        expect(new Int16Array(lab.memory.buffer, a, hidden)).toEqual(expected);
        expect(new Int16Array(lab.memory.buffer, b, hidden)).toEqual(expected);
      }
    }
  });
});

describe("the Transformer's section", () => {
  const model = randomTransformer(seededPrng(31), shape(24, 2));

  it("comes back from its bytes as it was", () => {
    const again = decodeTransformer(encodeTransformer(model), 24, 24);
    expect(again).toEqual(model);
  });

  it.each([
    ["three heads", TRANSFORMER_AT_HEADS, 3],
    ["heads that split four columns", TRANSFORMER_AT_HEADS, 4],
    ["a ring of 12", TRANSFORMER_AT_RING, 12],
    ["a negative ring", TRANSFORMER_AT_RING, -8],
    ["no expanded values", TRANSFORMER_AT_FEED_FORWARD, 0],
    ["expanded values that are no block", TRANSFORMER_AT_FEED_FORWARD, 40],
    ["too many expanded values", TRANSFORMER_AT_FEED_FORWARD, 144],
    ["more bytes than there are", TRANSFORMER_AT_FEED_FORWARD, 128],
    ["a shift below 31", TRANSFORMER_AT_SHIFTS, 30],
    ["a shift above 60", TRANSFORMER_AT_SHIFTS + 16, 61],
  ])("is refused with %s", (_, at, value) => {
    const bytes = encodeTransformer(model);
    new DataView(bytes.buffer).setInt32(at, value, true);
    expect(load(model, bytes)).toBe(false);
    if (at < TRANSFORMER_AT_SHIFTS) {
      expect(() => decodeTransformer(bytes, 24, 24)).toThrow("no Transformer of this filter");
    }
  });

  it("is refused when the two halves of the age bias differ", () => {
    const bytes = encodeTransformer(model);
    bytes[TRANSFORMER_HEADER_BYTES + 5]! ^= 1;
    expect(load(model, bytes)).toBe(false);
  });

  it("is refused with a negative multiplier, a large bias or a row of padding in use", () => {
    const at = transformerMatrixOffset(0, 24, 24, 2, 16, 48) + 32 * 24;
    const cases = [
      [at, -1],
      [at + 4 * 32, 2 ** 28 + 1],
      [at + 4 * 31, 1],
      [at + 4 * 63, -1],
    ] as const;
    for (const [place, value] of cases) {
      const bytes = encodeTransformer(model);
      new DataView(bytes.buffer).setInt32(place, value, true);
      expect(load(model, bytes)).toBe(false);
    }
  });

  it("is refused when it is cut short", () => {
    const bytes = encodeTransformer(model);
    for (const length of [0, 31, 32, bytes.length - 1]) {
      expect(load(model, bytes.subarray(0, length))).toBe(false);
    }
  });

  it("never traps, whatever valid shape its weights are mutated in", () => {
    const random = seededPrng(41);
    const bytes = encodeTransformer(model);
    for (let round = 0; round < 300; round++) {
      const mutated = bytes.slice();
      const from = round % 3 === 0 ? 0 : TRANSFORMER_HEADER_BYTES;
      for (let i = 0; i < 8; i++) {
        mutated[from + random.below(bytes.length - from)] = random.below(256);
      }
      if (!load(model, mutated)) continue;
      const state = freshState(0);
      for (let step = 0; step < 20; step++) lab.stepSimd(state);
    }
  });
});
