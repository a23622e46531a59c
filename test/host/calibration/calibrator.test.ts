// What the calibration promises: the stated share whatever the evidence does, incidents that open
// and close, faults that do not become usual, and one client that cannot move the threshold.

import { describe, expect, it } from "vitest";
import {
  ALPHA_MAX,
  ALPHA_MIN,
  CALIBRATION_ALARM,
  CALIBRATION_CLOSED,
  CALIBRATION_EXCEEDS,
  CALIBRATION_OPENED,
} from "../../../host-tools/src/contract";
import { type Prng, seededPrng } from "../../../host-tools/src/lib/prng";
import { exponentialEvidence } from "./random-evidence";
import { startCalibrationLab } from "./start-lab";

const lab = startCalibrationLab();
const share = (value: number) => Math.round(value * 2 ** 30);
const ONE_PERCENT = share(0.01);

/** A key and its clock; steps come once a second. */
class Key {
  readonly state = lab.freshState(0);
  private nowMs = 1000;

  constructor(private readonly alpha = ONE_PERCENT) {}

  step(evidence: number, client = 0, afterMs = 1000): number {
    this.nowMs += afterMs;
    return lab.wasm.step(this.state, evidence, client, this.nowMs, this.alpha);
  }

  /** Healthy steps; returns how many exceeded. */
  healthy(random: Prng, count: number, shift = 0, client = () => 0): number {
    let exceeded = 0;
    for (let i = 0; i < count; i++) {
      const flags = this.step(exponentialEvidence(random) + shift, client());
      if ((flags & CALIBRATION_EXCEEDS) !== 0) exceeded++;
    }
    return exceeded;
  }

  get threshold(): number {
    return lab.wasm.threshold(this.state);
  }
}

describe("a fresh key", () => {
  it.each([
    [0.1, 256],
    [0.01, 512],
    [0.001, 768],
  ])("at a share of %d starts where the artifact's calibration says: %d", (value, evidence) => {
    const key = new Key(share(value));
    key.step(0);
    expect(Math.abs(key.threshold - evidence)).toBeLessThanOrEqual(2);
  });

  it("starts anew from its own tail when that is heavier than the artifact's", () => {
    const random = seededPrng(41);
    const light = new Key(share(0.001));
    light.healthy(random, 600);
    const before = light.threshold;
    const heavy = new Key(share(0.001));
    for (let i = 0; i < 600; i++) heavy.step(1.3 * exponentialEvidence(random));
    expect(heavy.threshold).toBeGreaterThan(before + 60);
  });
});

describe("the threshold", () => {
  it.each([
    ["healthy evidence", () => 0],
    ["evidence that drifts by two decades", (step: number) => step / 60],
    ["evidence that jumps", (step: number) => (step % 6000 < 3000 ? 0 : 700)],
    ["evidence at the end of its scale", () => 2560],
  ])("is exceeded by the stated share of steps of %s", (_, shift) => {
    for (const [value, least] of [
      [0.01, 0.5],
      [0.001, 0],
    ] as const) {
      const random = seededPrng(42);
      const key = new Key(share(value));
      let exceeded = 0;
      for (let step = 0; step < 30_000; step++) {
        const evidence = exponentialEvidence(random) + Math.round(shift(step));
        if ((key.step(evidence) & CALIBRATION_EXCEEDS) !== 0) exceeded++;
      }
      expect(exceeded / 30_000 / value).toBeLessThan(1.2);
      expect(exceeded / 30_000 / value).toBeGreaterThanOrEqual(least);
    }
  });

  it("moves at once with the share that the user states", () => {
    const random = seededPrng(43);
    const key = new Key();
    key.healthy(random, 2000);
    const before = key.threshold;
    lab.wasm.step(key.state, 0, 0, 3_000_000, share(0.001));
    expect(Math.abs(key.threshold - before - 256)).toBeLessThanOrEqual(3);
  });

  it("gives a rate per hour at the key's own pace", () => {
    const random = seededPrng(44);
    const key = new Key();
    key.healthy(random, 500);
    expect(lab.wasm.rateAlpha(key.state, 36) / 2 ** 30).toBeCloseTo(0.01, 4);
    expect(lab.wasm.rateAlpha(key.state, 0)).toBe(ALPHA_MIN);
    expect(lab.wasm.rateAlpha(key.state, 1e9)).toBe(ALPHA_MAX);
    expect(lab.wasm.rateAlpha(key.state, Number.NaN)).toBe(ALPHA_MIN);
  });
});

describe("an incident", () => {
  it("opens at the second of three steps that exceed, not at one", () => {
    const key = new Key();
    for (let i = 0; i < 20; i++) key.step(50);
    expect(key.step(1500)).toBe(CALIBRATION_EXCEEDS);
    expect(key.step(50)).toBe(0);
    expect(key.step(1500)).toBe(CALIBRATION_EXCEEDS | CALIBRATION_ALARM | CALIBRATION_OPENED);
  });

  it("lasts while evidence is near its threshold, and closes after three quiet steps", () => {
    const key = new Key();
    for (let i = 0; i < 20; i++) key.step(50);
    key.step(1500);
    key.step(1500);
    for (let i = 0; i < 20; i++) expect(key.step(520) & CALIBRATION_ALARM).toBe(CALIBRATION_ALARM);
    expect(key.step(50)).toBe(CALIBRATION_ALARM);
    expect(key.step(50)).toBe(CALIBRATION_ALARM);
    expect(key.step(50)).toBe(CALIBRATION_CLOSED);
    expect(key.step(50)).toBe(0);
  });

  it("closes after five minutes in which nobody spoke", () => {
    const key = new Key();
    for (let i = 0; i < 20; i++) key.step(50);
    key.step(1500);
    expect(key.step(1500) & CALIBRATION_OPENED).toBe(CALIBRATION_OPENED);
    expect(key.step(1500, 0, 300_001)).toBe(CALIBRATION_CLOSED | CALIBRATION_EXCEEDS);
  });

  it("of a minute does not make its fault usual", () => {
    const random = seededPrng(45);
    const key = new Key();
    key.healthy(random, 3000);
    const before = key.threshold;
    for (let i = 0; i < 55; i++) key.step(1400);
    for (let i = 0; i < 5; i++) key.step(20);
    expect(key.threshold).toBeLessThan(1400);
    expect(key.threshold - before).toBeLessThan(400);
    expect(key.step(1400) & CALIBRATION_EXCEEDS).toBe(CALIBRATION_EXCEEDS);
  });

  it("that lasts becomes the usual state, and ends", () => {
    const random = seededPrng(46);
    const key = new Key();
    key.healthy(random, 3000);
    let flags = 0;
    for (let i = 0; i < 60; i++) flags = key.step(exponentialEvidence(random) + 900);
    expect(flags & CALIBRATION_ALARM).toBe(CALIBRATION_ALARM);
    let closed = false;
    for (let i = 0; i < 600; i++) {
      flags = key.step(exponentialEvidence(random) + 900);
      closed ||= (flags & CALIBRATION_CLOSED) !== 0;
    }
    expect(closed).toBe(true);
  });
});

describe("a client", () => {
  const clientsOf = (random: Prng) => () => 1000 + random.below(40);

  it("alone cannot raise the threshold by more than a step, whatever it sends", () => {
    const random = seededPrng(47);
    const key = new Key();
    key.healthy(random, 5000, 0, clientsOf(random));
    const before = key.threshold;
    // No other client exceeds, so there is nobody to share the rises with.
    for (let i = 0; i < 2000; i++) key.step(i % 5 === 0 ? 2560 : 60, i % 5 === 0 ? 7 : 1000 + i);
    expect(key.threshold).toBeLessThan(before + 140);
  });

  it("that sends a fifth of the steps moves it by less than a tenth", () => {
    const mean = (attack: boolean) => {
      const random = seededPrng(48);
      const key = new Key();
      let sum = 0;
      for (let step = 0; step < 60_000; step++) {
        const attacker = random.uniform() < 0.2;
        const honest = exponentialEvidence(random);
        const client = attacker ? 7 : 1000 + random.below(40);
        key.step(attack && attacker && step > 10_000 ? 2560 : honest, client, 100);
        if (step >= 30_000) sum += key.threshold;
      }
      return sum / 30_000;
    };
    expect(Math.abs(mean(true) / mean(false) - 1)).toBeLessThan(0.1);
  });

  it("that every window is told by moves it by less than a tenth", () => {
    const mean = (attack: boolean, guarded: boolean) => {
      const random = seededPrng(51);
      const state = lab.freshState(0);
      let sum = 0;
      for (let step = 0; step < 40_000; step++) {
        for (let i = 0; i < 5; i++) lab.wasm.note(state, i === 0 ? 7 : 1000 + random.below(40));
        const honest = exponentialEvidence(random);
        const attacks = attack && step > 8000;
        const [evidence, client] = attacks ? [2560, 7] : [honest, 1000 + random.below(40)];
        const others = attacks ? honest : Math.min(honest, exponentialEvidence(random));
        const tag = guarded ? client : 0;
        lab.wasm.window(state, evidence, tag, others, step * 1000, ONE_PERCENT);
        if (step >= 20_000) sum += lab.wasm.threshold(state);
      }
      return sum / 20_000;
    };
    const usual = mean(false, true);
    expect(Math.abs(mean(true, true) / usual - 1)).toBeLessThan(0.1);
    expect(mean(true, false) / usual).toBeGreaterThan(3);
  });

  it("among others does not keep the threshold from following what all of them do", () => {
    const random = seededPrng(49);
    const key = new Key();
    key.healthy(random, 5000, 0, clientsOf(random));
    const exceeded = key.healthy(random, 5000, 800, clientsOf(random));
    expect(exceeded).toBeLessThan(0.012 * 5000);
    expect(key.threshold).toBeGreaterThan(1000);
  });

  it("that is the only one is not refused for long", () => {
    const random = seededPrng(50);
    const key = new Key();
    key.healthy(random, 5000, 0, () => 7);
    const exceeded = key.healthy(random, 5000, 800, () => 7);
    expect(exceeded).toBeLessThan(0.02 * 5000);
  });
});
