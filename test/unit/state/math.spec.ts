// The fast powers and logarithms against the exact ones, over their whole domain.

import { exp2Negative, log2 } from "../../../assembly/state/math";

/** Largest relative error of exp2Negative over [from, to). */
function worstPower(from: f64, to: f64, steps: i32): f64 {
  let worst: f64 = 0;
  for (let i = 0; i < steps; i++) {
    const x = <f32>(from + ((to - from) * <f64>i) / <f64>steps);
    const exact = Math.pow(2, -(<f64>x));
    worst = Math.max(worst, Math.abs(<f64>exp2Negative(x) - exact) / exact);
  }
  return worst;
}

/** Largest absolute error of log2 over every octave of the normal numbers. */
function worstLogarithm(steps: i32): f64 {
  let worst: f64 = 0;
  for (let exponent = 1; exponent < 255; exponent++) {
    for (let i = 0; i < steps; i++) {
      const mantissa = <i32>((<i64>i * 0x7fffff) / (steps - 1));
      const x = reinterpret<f32>((exponent << 23) | mantissa);
      worst = Math.max(worst, Math.abs(<f64>log2(x) - Math.log2(<f64>x)));
    }
  }
  return worst;
}

describe("2 to the power of -x", () => {
  it("is within 2e-5 of the exact value, relatively", () => {
    expect(worstPower(0, 1, 100000)).toBeLessThan(2e-5);
    expect(worstPower(0, 60, 100000)).toBeLessThan(2e-5);
  });

  it("is exact at whole numbers, so that octaves join", () => {
    for (let i = 0; i < 60; i++) {
      expect<f64>(<f64>exp2Negative(<f32>i)).toBe(Math.pow(2, <f64>-i));
    }
  });

  it("never grows with x", () => {
    let last: f32 = 2;
    let rises = 0;
    for (let i = 0; i < 200000; i++) {
      const value = exp2Negative(<f32>i * <f32>0.0003);
      if (value > last) rises++;
      last = value;
    }
    expect(rises).toBe(0);
  });

  it("is 1 for what is not positive and 0 from 60 on", () => {
    expect(exp2Negative(0)).toBe(1);
    expect(exp2Negative(-3)).toBe(1);
    expect(exp2Negative(f32.NaN)).toBe(1);
    expect(exp2Negative(-(<f32>Infinity))).toBe(1);
    expect(exp2Negative(60)).toBe(0);
    expect(exp2Negative(<f32>Infinity)).toBe(0);
    expect(exp2Negative(f32.MAX_VALUE)).toBe(0);
  });
});

describe("log2", () => {
  it("is within 6e-5 of the exact value in every octave", () => {
    expect(worstLogarithm(1000)).toBeLessThan(6e-5);
  });

  it("is exact at powers of two", () => {
    for (let exponent = -126; exponent < 128; exponent++) {
      expect<f32>(log2(<f32>Math.pow(2, exponent))).toBe(<f32>exponent);
    }
  });

  it("has a floor for what has no logarithm", () => {
    expect(log2(0)).toBe(-126);
    expect(log2(-1)).toBe(-126);
    expect(log2(f32.NaN)).toBe(-126);
    expect(log2(<f32>1e-45)).toBe(-126);
    expect(log2(<f32>Infinity)).toBe(128);
  });
});
