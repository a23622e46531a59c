// The filter's calibration and its twin agree in every flag and threshold over long random runs,
// with times that jump, evidence out of range, and clients that come and go.

import { describe, expect, it } from "vitest";
import { ReferenceCalibrator } from "../../../host-tools/src/calibration/reference-calibrator";
import {
  combineEvidence,
  evidenceOfShare,
} from "../../../host-tools/src/calibration/reference-share";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { exponentialEvidence } from "./random-evidence";
import { startCalibrationLab } from "./start-lab";

const lab = startCalibrationLab();
const ODD_TIMES = [Number.NaN, -1, 0, Number.POSITIVE_INFINITY, -1e300, 1e300];

describe("the filter's calibration", () => {
  it.each([
    [1e-6, 40_000],
    [0.001, 60_000],
    [0.01, 60_000],
    [0.2, 40_000],
  ])("equals its twin at a share of %d over %d steps", (share, steps) => {
    const random = seededPrng(31);
    const state = lab.freshState(0);
    const twin = new ReferenceCalibrator();
    const clients = Array.from({ length: 20 }, (_, i) => (i === 7 ? 0 : random.u32()));
    let alpha = Math.round(share * 2 ** 30);
    let nowMs = random.below(1000);
    let shift = 0;
    for (let step = 0; step < steps; step++) {
      if (random.below(500) === 0) shift = random.below(2000) - 500;
      if (random.below(5000) === 0) alpha = Math.round(share * random.uniform() * 2 ** 30);
      if (random.below(20_000) === 0) clients.fill(random.u32(), random.below(20));
      const evidence = exponentialEvidence(random) + shift;
      const client = clients[random.below(random.below(20) + 1)]!;
      nowMs += random.below(200) === 0 ? random.below(400_000) : random.uniform() * 900;
      const time = random.below(300) === 0 ? ODD_TIMES[random.below(ODD_TIMES.length)]! : nowMs;
      const windowed = step % 4 < 2;
      if (windowed) {
        const other = clients[random.below(20)]!;
        twin.noteRequest(other);
        lab.wasm.note(state, other);
      }
      const others = random.below(3) === 0 ? -1 : random.below(2600);
      const expected = windowed
        ? twin.stepWindow(evidence, client, others, time, alpha)
        : twin.step(evidence, client, time, alpha);
      const found = windowed
        ? lab.wasm.window(state, evidence, client, others, time, alpha)
        : lab.wasm.step(state, evidence, client, time, alpha);
      if (found !== expected) {
        expect.fail(`flags differ at step ${step}`);
      }
      if (lab.wasm.threshold(state) !== twin.thresholdQ8) {
        expect.fail(`thresholds differ at step ${step}`);
      }
      if (step % 1000 === 0) {
        const rate = 10 ** (6 * random.uniform() - 3);
        expect(lab.wasm.rateAlpha(state, rate)).toBe(twin.alphaOfRate(rate));
      }
    }
    if (share >= 0.01) expect(twin.incidents).toBeGreaterThan(0);
  });
});

describe("evidence of a share", () => {
  it("is the same in filter and twin, and within 2 of the exact value", () => {
    const random = seededPrng(32);
    for (let i = 0; i < 20_000; i++) {
      const share = Math.max(1, Math.floor(2 ** (30 * random.uniform())));
      const evidence = lab.wasm.evidenceOfShare(share);
      expect(evidence).toBe(evidenceOfShare(share));
      if (share >= 1074) {
        const exact = -256 * Math.log10(share / 2 ** 30);
        expect(Math.abs(evidence - exact), String(share)).toBeLessThanOrEqual(2);
      }
    }
  });

  it("rises as the share falls", () => {
    let last = -1;
    for (let octave = 0; octave < 30; octave += 0.01) {
      const evidence = lab.wasm.evidenceOfShare(Math.floor(2 ** (30 - octave)));
      expect(evidence).toBeGreaterThanOrEqual(last);
      last = evidence;
    }
  });
});

describe("evidence of three layers", () => {
  it("is the same in filter and twin, and within 3 of the harmonic mean of the p-values", () => {
    const random = seededPrng(33);
    for (let i = 0; i < 20_000; i++) {
      const layers = Array.from({ length: 3 }, () => ({
        evidence: random.below(4) === 0 ? 0 : random.below(2561),
        weight: random.below(5) === 0 ? 0 : random.below(256),
      }));
      const [a, b, c] = layers as [(typeof layers)[0], (typeof layers)[0], (typeof layers)[0]];
      const weights = a.weight | (b.weight << 8) | (c.weight << 16);
      const found = lab.wasm.combineEvidence(a.evidence, b.evidence, c.evidence, weights);
      expect(found).toBe(combineEvidence(layers));
      const all = a.weight + b.weight + c.weight;
      if (all === 0) continue;
      const inverse = layers.reduce((sum, l) => sum + l.weight * 10 ** (l.evidence / 256), 0);
      const exact = 256 * Math.log10(inverse / all);
      expect(Math.abs(found - exact), JSON.stringify(layers)).toBeLessThanOrEqual(3);
    }
  });

  it("of one layer alone is its own", () => {
    for (const evidence of [0, 1, 255, 256, 1000, 2560]) {
      expect(lab.wasm.combineEvidence(0, evidence, 0, 7 << 8)).toBe(evidence);
    }
    expect(lab.wasm.combineEvidence(500, 600, 700, 0)).toBe(0);
  });
});
