import { quantise } from "../../../assembly/features/quantise";

const OUT: usize = memory.data(16, 16);
const RAW: usize = memory.data(32, 16);
const OFFSETS: usize = memory.data(32, 16);
const SCALES: usize = memory.data(32, 16);

/** The first of eight equal values, all of which must come out equal. */
function one(raw: f32, offset: f32, scale: f32): i32 {
  for (let i = 0; i < 8; i++) {
    store<f32>(RAW + 4 * i, raw);
    store<f32>(OFFSETS + 4 * i, offset);
    store<f32>(SCALES + 4 * i, scale);
  }
  quantise(OUT, RAW, OFFSETS, SCALES, 8);
  for (let i = 1; i < 8; i++) expect<i32>(load<i16>(OUT + 2 * i)).toBe(load<i16>(OUT));
  return load<i16>(OUT);
}

describe("quantisation of features", () => {
  it("counts from the offset in units of the scale", () => {
    expect(one(3, 3, 4096)).toBe(0);
    expect(one(4, 3, 4096)).toBe(4096);
    expect(one(2.5, 3, 100)).toBe(-50);
  });

  it("rounds to the nearest, halves to even", () => {
    expect(one(0.5, 0, 1)).toBe(0);
    expect(one(1.5, 0, 1)).toBe(2);
    expect(one(2.5, 0, 1)).toBe(2);
    expect(one(-1.5, 0, 1)).toBe(-2);
    expect(one(1.4999, 0, 1)).toBe(1);
  });

  it("saturates beyond eight deviations", () => {
    expect(one(9, 0, 4096)).toBe(32767);
    expect(one(-9, 0, 4096)).toBe(-32768);
    expect(one(f32.MAX_VALUE, 0, 4096)).toBe(32767, "overflows to infinity on the way");
    expect(one(-f32.MAX_VALUE, 0, 4096)).toBe(-32768);
  });

  it("takes what is not finite for the offset", () => {
    expect(one(f32.NaN, 3, 4096)).toBe(0);
    expect(one(f32.POSITIVE_INFINITY, 3, 4096)).toBe(0);
    expect(one(f32.NEGATIVE_INFINITY, 3, 4096)).toBe(0);
  });

  it("keeps lanes apart", () => {
    for (let i = 0; i < 8; i++) {
      store<f32>(RAW + 4 * i, <f32>i);
      store<f32>(OFFSETS + 4 * i, <f32>1);
      const scale = 10 * (i + 1);
      store<f32>(SCALES + 4 * i, <f32>scale);
    }
    quantise(OUT, RAW, OFFSETS, SCALES, 8);
    for (let i = 0; i < 8; i++) {
      expect<i32>(load<i16>(OUT + 2 * i)).toBe((i - 1) * 10 * (i + 1));
    }
  });
});
