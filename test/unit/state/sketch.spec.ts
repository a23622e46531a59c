// The streaming quantiles against exact ones of the same samples.

import { SKETCH_BYTES, Sketch, addToSketch, quantileMs } from "../../../assembly/state/sketch";
import { nextNormal, nextUniform, seedStream } from "../random-stream";

const HALF_LIFE_MS: i32 = 30000;
const SAMPLES: i32 = 20000;
const sketch = changetype<Sketch>(memory.data(1024, 16));
const samples = new StaticArray<f32>(SAMPLES);
const PERMILLES: StaticArray<i32> = [1, 10, 100, 250, 500, 750, 900, 950, 990, 999, 1000];

enum Law {
  Uniform,
  Lognormal,
  Pareto,
}

function clear(): void {
  memory.fill(changetype<usize>(sketch), 0, SKETCH_BYTES);
}

function draw(law: Law): f32 {
  if (law == Law.Uniform) return <f32>(1 + nextUniform() * 999);
  if (law == Law.Lognormal) return <f32>Math.exp(4 + nextNormal());
  return <f32>(5 * Math.pow(1 - nextUniform(), -1 / 1.5));
}

/** Largest relative error over all quantiles; both sides by nearest rank. */
function worstError(law: Law, seed: u64): f64 {
  clear();
  seedStream(seed);
  for (let i = 0; i < SAMPLES; i++) {
    const x = Mathf.min(draw(law), 260000);
    samples[i] = x;
    addToSketch(sketch, x, 1000, HALF_LIFE_MS);
  }
  samples.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let worst: f64 = 0;
  for (let k = 0; k < PERMILLES.length; k++) {
    const rank = max(1, (SAMPLES * PERMILLES[k] + 999) / 1000);
    const exact = <f64>samples[rank - 1];
    const error = Math.abs(<f64>quantileMs(sketch, PERMILLES[k]) - exact) / exact;
    worst = Math.max(worst, error);
  }
  return worst;
}

describe("a quantile", () => {
  it("is within 1/32 of the exact one, whatever the law", () => {
    for (let seed: u64 = 1; seed <= 3; seed++) {
      expect(worstError(Law.Uniform, seed)).toBeLessThanOrEqual(1.0 / 32);
      expect(worstError(Law.Lognormal, seed)).toBeLessThanOrEqual(1.0 / 32);
      expect(worstError(Law.Pareto, seed)).toBeLessThanOrEqual(1.0 / 32);
    }
  });

  it("of nothing is 0", () => {
    clear();
    expect(quantileMs(sketch, 500)).toBe(0);
  });

  it("of one sample is that sample, at any share", () => {
    clear();
    addToSketch(sketch, 100, 1000, HALF_LIFE_MS);
    for (let k = 0; k < PERMILLES.length; k++) {
      const value = quantileMs(sketch, PERMILLES[k]);
      expect(value).toBeGreaterThan((100 * 31) / 32);
      expect(value).toBeLessThan((100 * 33) / 32);
    }
  });

  it("never falls as the share rises", () => {
    clear();
    seedStream(5);
    for (let i = 0; i < 3000; i++) addToSketch(sketch, draw(Law.Pareto), 1000, HALF_LIFE_MS);
    let last: f32 = 0;
    let falls = 0;
    for (let permille = 0; permille <= 1000; permille++) {
      const value = quantileMs(sketch, permille);
      if (value < last) falls++;
      last = value;
    }
    expect(falls).toBe(0);
  });
});

describe("the ends of the range", () => {
  it("take what lies outside, and drop what is no latency", () => {
    clear();
    addToSketch(sketch, 0, 1000, HALF_LIFE_MS);
    expect(quantileMs(sketch, 500)).toBeLessThan(0.07);
    addToSketch(sketch, 1e9, 1000, HALF_LIFE_MS);
    addToSketch(sketch, <f32>Infinity, 1000, HALF_LIFE_MS);
    expect(quantileMs(sketch, 1000)).toBeGreaterThan(250000);
    expect(quantileMs(sketch, 1000)).toBeLessThan(263000);
    addToSketch(sketch, -1, 1000, HALF_LIFE_MS);
    addToSketch(sketch, f32.NaN, 1000, HALF_LIFE_MS);
    expect(sketch.total).toBe(3);
  });
});

describe("old samples", () => {
  it("count half after a half-life", () => {
    clear();
    for (let i = 0; i < 1000; i++) addToSketch(sketch, 10, 1000, HALF_LIFE_MS);
    const later: f64 = 1000 + 1.01 * <f64>HALF_LIFE_MS;
    for (let i = 0; i < 500; i++) addToSketch(sketch, 100, later, HALF_LIFE_MS);
    expect(sketch.total).toBe(1000);
    expect(quantileMs(sketch, 500)).toBeLessThan(11);
    expect(quantileMs(sketch, 501)).toBeGreaterThan(90);
  });

  it("are gone after sixteen", () => {
    clear();
    for (let i = 0; i < 60000; i++) addToSketch(sketch, 10, 1000, HALF_LIFE_MS);
    addToSketch(sketch, 100, 1000 + 17 * <f64>HALF_LIFE_MS, HALF_LIFE_MS);
    expect(sketch.total).toBe(1);
    expect(quantileMs(sketch, 1)).toBeGreaterThan(90);
  });

  it("are not aged by a clock that goes back", () => {
    clear();
    for (let i = 0; i < 100; i++) addToSketch(sketch, 10, 500000, HALF_LIFE_MS);
    addToSketch(sketch, 10, 1000, HALF_LIFE_MS);
    expect(sketch.total).toBe(101);
  });
});

describe("a count that is full", () => {
  it("halves all, and the shares remain", () => {
    clear();
    for (let i = 0; i < 100000; i++) {
      addToSketch(sketch, 10, 1000, HALF_LIFE_MS);
      if (i % 4 == 0) addToSketch(sketch, 100, 1000, HALF_LIFE_MS);
    }
    expect(sketch.total).toBeLessThan(125000);
    expect(sketch.total).toBeGreaterThan(40000);
    expect(quantileMs(sketch, 780)).toBeLessThan(11);
    expect(quantileMs(sketch, 820)).toBeGreaterThan(90);
  });

  it("keeps the total the sum of the counts", () => {
    clear();
    for (let i = 0; i < 200000; i++) {
      const whole = 1 + (i % 3);
      addToSketch(sketch, <f32>whole, 1000, HALF_LIFE_MS);
    }
    let sum: u32 = 0;
    const counts = changetype<usize>(sketch) + offsetof<Sketch>();
    for (let at: usize = 0; at < SKETCH_BYTES - offsetof<Sketch>(); at += 2) {
      sum += load<u16>(counts + at);
    }
    expect(sketch.total).toBe(sum);
  });
});
