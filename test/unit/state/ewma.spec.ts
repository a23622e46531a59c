// The averages against their closed form and against the textbook recursion in double precision.

import { ELAPSED_MS_MAX } from "../../../assembly/contract/limits";
import { Ewma, addCensored, addSample, elapsedMs } from "../../../assembly/state/ewma";
import { nextUniform, seedStream } from "../random-stream";

const FAST_MS: f32 = 200;
const SLOW_MS: f32 = 3500;
const ewma = changetype<Ewma>(memory.data(64, 8));

function clear(): void {
  memory.fill(changetype<usize>(ewma), 0, offsetof<Ewma>());
}

function add(xMs: f32, nowMs: f64): void {
  addSample(ewma, xMs, nowMs, FAST_MS, SLOW_MS);
}

/** Relative distance. */
function off(value: f32, exact: f64): f64 {
  return Math.abs(<f64>value - exact) / Math.abs(exact);
}

describe("the average", () => {
  beforeEach(clear);

  it("is the first sample, without variance", () => {
    add(50, 1000);
    expect(ewma.fastMs).toBe(50);
    expect(ewma.slowMs).toBe(50);
    expect(ewma.peakMs).toBe(50);
    expect(ewma.variance).toBe(0);
    expect(ewma.samples).toBe(1);
  });

  it("answers a step by its closed form y + (x - y) 2^(-t / half-life)", () => {
    add(100, 1000);
    for (let i = 1; i <= 20; i++) {
      const t: f64 = <f64>i * 400;
      add(150, 1000 + t);
      expect(off(ewma.fastMs, 150 - 50 * Math.pow(2, -t / 200))).toBeLessThan(1e-4);
      expect(off(ewma.slowMs, 150 - 50 * Math.pow(2, -t / 3500))).toBeLessThan(1e-4);
    }
  });

  it("does not depend on how the time was cut", () => {
    add(100, 0.5);
    add(180, 3000.5);
    const once = ewma.slowMs;
    clear();
    add(100, 0.5);
    add(180, 1100.5);
    add(180, 1400.5);
    add(180, 3000.5);
    expect(off(ewma.slowMs, <f64>once)).toBeLessThan(1e-4);
  });

  it("has at most the clamp's memory of a long pause", () => {
    add(100, 1000);
    add(200, 1000 + 3600000);
    const weight = 1 - Math.pow(2, -(<f64>ELAPSED_MS_MAX) / 3500);
    expect(off(ewma.slowMs, 100 + 100 * weight)).toBeLessThan(1e-4);
  });

  it("gives each of many samples at one instant the floor's weight", () => {
    add(100, 1000);
    for (let i = 0; i < 10; i++) add(200, 1000);
    expect(off(ewma.fastMs, 200 - 100 * Math.pow(0.85, 10))).toBeLessThan(1e-5);
    expect(off(ewma.slowMs, 200 - 100 * Math.pow(0.97, 10))).toBeLessThan(1e-5);
  });

  it("takes a sample that is not newer for simultaneous and never goes back", () => {
    add(100, 5000);
    add(200, 1000);
    expect(ewma.lastMs).toBe(5000);
    expect(off(ewma.fastMs, 115)).toBeLessThan(1e-5);
    add(100, 5000);
    expect(ewma.lastMs).toBe(5000);
  });

  it("drops what is negative or no number", () => {
    add(100, 1000);
    add(-1, 2000);
    add(f32.NaN, 3000);
    expect(ewma.samples).toBe(1);
    expect(ewma.lastMs).toBe(1000);
    expect(ewma.slowMs).toBe(100);
  });

  it("follows the recursion of West 1979 on random times and values", () => {
    seedStream(11);
    let mean: f64 = 0;
    let variance: f64 = 0;
    let nowMs: f64 = 1;
    let worst: f64 = 0;
    for (let i = 0; i < 5000; i++) {
      const dt: f64 = i == 0 ? 0 : nextUniform() * 900;
      const x: f64 = 100 + nextUniform() * 60;
      nowMs += dt;
      add(<f32>x, nowMs);
      if (i == 0) {
        mean = x;
        continue;
      }
      const w = Math.max(1 - Math.pow(2, -dt / 3500), 0.03);
      const delta = x - mean;
      variance = (1 - w) * (variance + w * delta * delta);
      mean += w * delta;
      worst = Math.max(worst, off(ewma.slowMs, mean));
      if (i > 10) worst = Math.max(worst, off(ewma.variance, variance) / 10);
    }
    expect(worst).toBeLessThan(1e-4);
  });
});

describe("the peak", () => {
  beforeEach(clear);

  it("jumps up at once and sinks to the slow average by its half-life", () => {
    add(100, 1000);
    add(1000, 1000);
    expect(ewma.peakMs).toBe(1000);
    const before = ewma.peakMs;
    add(120, 4500);
    expect(ewma.peakMs).toBeLessThan(before);
    expect(ewma.peakMs).toBeGreaterThan(ewma.slowMs);
    for (let i = 1; i <= 40; i++) add(120, 4500 + <f64>i * 3500);
    expect(off(ewma.peakMs, <f64>ewma.slowMs)).toBeLessThan(1e-3);
  });
});

describe("a censored sample", () => {
  beforeEach(clear);

  it("says nothing before the first finished one", () => {
    addCensored(ewma, 5000, 1000, FAST_MS, SLOW_MS);
    expect(ewma.samples).toBe(0);
  });

  it("says nothing under the estimate", () => {
    add(100, 1000);
    addCensored(ewma, 99, 2000, FAST_MS, SLOW_MS);
    expect(ewma.samples).toBe(1);
    expect(ewma.lastMs).toBe(1000);
  });

  it("raises the estimate when it is over it", () => {
    add(100, 1000);
    addCensored(ewma, 900, 2000, FAST_MS, SLOW_MS);
    expect(ewma.samples).toBe(2);
    expect(ewma.slowMs).toBeGreaterThan(200);
    expect(ewma.peakMs).toBe(900);
  });
});

describe("a recovery", () => {
  beforeEach(clear);

  it("halves the slow average from the third sample in a row under half of it", () => {
    add(1000, 1000);
    add(50, 1000);
    add(50, 1000);
    const before = ewma.slowMs;
    expect(before).toBeGreaterThan(900);
    // The fast average is the floor of the halving: a recovery is not believed faster than it.
    add(50, 2000);
    expect(ewma.slowMs).toBeLessThan(before * 0.53);
    expect(ewma.slowMs).toBeGreaterThan(49);
  });

  it("reaches the new level within ten samples, not in several half-lives", () => {
    add(1000, 1000);
    for (let i = 1; i <= 10; i++) add(50, 1000 + <f64>i * 100);
    expect(ewma.slowMs).toBeLessThan(110);
  });

  it("is broken off by one sample that is not under half", () => {
    add(1000, 1000);
    add(50, 1000);
    add(50, 1000);
    add(900, 1000);
    const before = ewma.slowMs;
    add(50, 1000);
    add(50, 1000);
    expect(ewma.slowMs).toBeGreaterThan(before * 0.9);
  });
});

describe("elapsed time", () => {
  it("is clamped at both ends", () => {
    expect(elapsedMs(1000, 1250)).toBe(250);
    expect(elapsedMs(1000, 1000)).toBe(0);
    expect(elapsedMs(1000, 500)).toBe(0);
    expect(elapsedMs(0, 1e12)).toBe(<f32>ELAPSED_MS_MAX);
    expect(elapsedMs(f64.NaN, 5)).toBe(0);
    expect(elapsedMs(5, f64.NaN)).toBe(0);
    expect(elapsedMs(0, Infinity)).toBe(<f32>ELAPSED_MS_MAX);
  });
});
