// The calibration at its edges, with bounds checks on: any input leaves the state in its ranges.

import {
  Calibrator,
  calibratorOpen,
  calibratorThreshold,
} from "../../../assembly/calibration/calibrator";
import { combineEvidence, evidenceOfShare } from "../../../assembly/calibration/share-evidence";
import { alphaOfRate, stepCalibrator } from "../../../assembly/calibration/step";
import {
  ALPHA_MAX,
  ALPHA_MIN,
  CALIBRATION_ALARM,
  CALIBRATION_EXCEEDS,
  CALIBRATOR_STATE_BYTES,
  SHARE_ONE,
  THRESHOLD_LEAST,
  THRESHOLD_MOST,
} from "../../../assembly/contract/calibration";
import { nextBelow, nextBits, nextUniform, seedStream } from "../random-stream";

const STATE: usize = memory.data(256, 16);
const ONE_PERCENT: i32 = 10737418;

function fresh(): Calibrator {
  memory.fill(STATE, 0, 256);
  return changetype<Calibrator>(STATE);
}

describe("a step", () => {
  it("stays within its block and its ranges for any input", () => {
    seedStream(11);
    const key = fresh();
    let outside = 0;
    for (let step = 0; step < 50_000; step++) {
      const evidence = (<i32>nextBits()) >> (<i32>nextBelow(31));
      const nowMs = nextBelow(50) == 0 ? f64.NaN : <f64>step * 1000 * nextUniform();
      const flags = stepCalibrator(key, evidence, nextBelow(12), nowMs, <i32>nextBits());
      const threshold = calibratorThreshold(key);
      if ((flags & ~15) != 0) outside++;
      if (threshold < THRESHOLD_LEAST || threshold > THRESHOLD_MOST) outside++;
      if (calibratorOpen(key) != ((flags & CALIBRATION_ALARM) != 0)) outside++;
    }
    expect(outside).toBe(0);
    for (let at: usize = CALIBRATOR_STATE_BYTES; at < 256; at++) {
      expect(load<u8>(STATE + at)).toBe(0);
    }
  });

  it("exceeds only above the threshold", () => {
    const key = fresh();
    const level = evidenceOfShare(ONE_PERCENT);
    expect(stepCalibrator(key, level, 0, 1000, ONE_PERCENT)).toBe(0);
    const next = calibratorThreshold(key) + 1;
    expect(stepCalibrator(key, next, 0, 2000, ONE_PERCENT)).toBe(CALIBRATION_EXCEEDS);
  });
});

describe("a share", () => {
  it("as evidence is exact at powers of ten", () => {
    expect(evidenceOfShare(SHARE_ONE)).toBe(0);
    expect(evidenceOfShare(SHARE_ONE / 10)).toBe(256);
    expect(evidenceOfShare(SHARE_ONE / 1000)).toBe(768);
  });

  it("from a rate stays within its bounds", () => {
    const key = fresh();
    expect(alphaOfRate(key, -1)).toBe(ALPHA_MIN);
    expect(alphaOfRate(key, Infinity)).toBe(ALPHA_MAX);
    // One step a second until the pace is known: 36 an hour are one in a hundred.
    expect(alphaOfRate(key, 36)).toBe(ONE_PERCENT);
  });
});

describe("three layers", () => {
  it("that agree say what each says", () => {
    expect(combineEvidence(700, 700, 700, 0x010101)).toBe(700);
  });

  it("of which one is sure say less by what asking three costs", () => {
    // 256 log10(3) = 122.
    expect(combineEvidence(1500, 0, 0, 0x010101)).toBeGreaterThanOrEqual(1375);
    expect(combineEvidence(1500, 0, 0, 0x010101)).toBeLessThanOrEqual(1381);
  });
});
