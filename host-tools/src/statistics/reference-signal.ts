// One signal with its detectors in TypeScript, written from assembly/statistics/signal-detector.ts,
// level-shift.ts and time-of-day.ts, every operation rounded to 32 bits.

import { ReferenceTail } from "./reference-tail";

const fround = Math.fround;

const RELATIVE_FLOOR = fround(1e-6);
const CLIP = 3;
const CLIP_AFTER = 32;
const SAMPLES_MAX = 65535;
const DAY_MS = 86_400_000;
export const REACH_FREE = 1e15;

/** How a signal is looked at; all f32. */
export interface SignalTuning {
  readonly fastWeight: number;
  readonly slowWeight: number;
  readonly driftFastWeight: number;
  readonly driftSlowWeight: number;
  readonly hourWeight: number;
  readonly floor: number;
  readonly reach: number;
  readonly risesOnly: boolean;
  readonly guarded: boolean;
}

export const isSignal = (x: number) => Math.abs(x) <= fround(1e15);

/** Deviation, but not below the floors. */
function deviationOf(variance: number, level: number, floor: number): number {
  const least = fround(fround(RELATIVE_FLOOR * Math.abs(level)) + floor);
  return fround(fround(Math.sqrt(variance)) + least);
}

/** x within +-bound, as the filter's min and max have it. */
function within(x: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, x));
}

/** (1 - w) (variance + w d^2) */
function nextVariance(variance: number, weight: number, delta: number): number {
  const spread = fround(fround(weight * delta) * delta);
  return fround(fround(1 - weight) * fround(variance + spread));
}

class Shift {
  fast = 0;
  slow = 0;
  variance = 0;
  samples = 0;

  step(x: number, fastWeight: number, slowWeight: number, tuning: SignalTuning): number {
    if (this.samples === 0) {
      this.fast = this.slow = x;
      this.samples = 1;
      return 0;
    }
    const start = fround(1 / (this.samples + 1));
    const slowShare = Math.max(slowWeight, start);
    const delta = fround(x - this.slow);
    const unit = deviationOf(this.variance, this.slow, tuning.floor);
    const clips = this.samples >= CLIP_AFTER;
    const spread = clips ? within(delta, fround(CLIP * unit)) : delta;
    const pull = clips ? within(delta, fround(tuning.reach * unit)) : delta;
    const approach = fround(Math.max(fastWeight, start) * fround(x - this.fast));
    this.fast = fround(this.fast + approach);
    this.variance = nextVariance(this.variance, slowShare, spread);
    this.slow = fround(this.slow + fround(slowShare * pull));
    this.samples = Math.min(SAMPLES_MAX, this.samples + 1);
    const now = deviationOf(this.variance, this.slow, tuning.floor);
    return fround(fround(this.fast - this.slow) / now);
  }
}

interface Hour {
  seen: number;
  mean: number;
  variance: number;
}

class Hours {
  private readonly hours: Hour[] = Array.from({ length: 24 }, () => ({
    seen: 0,
    mean: 0,
    variance: 0,
  }));
  private firstMs: number | undefined;

  step(x: number, nowMs: number, dayMs: number, tuning: SignalTuning): number {
    if (!(dayMs >= 0 && dayMs < DAY_MS)) return -1;
    if (this.firstMs === undefined || nowMs < this.firstMs) this.firstMs = nowMs;
    const hour = this.hours[Math.floor((dayMs / DAY_MS) * 24)]!;
    const { seen, mean, variance } = hour;
    hour.seen = Math.min(65535, seen + 1);
    if (seen === 0) {
      hour.mean = x;
      return -1;
    }
    const delta = fround(x - mean);
    const weight = Math.max(tuning.hourWeight, fround(1 / (seen + 1)));
    hour.variance = nextVariance(variance, weight, delta);
    hour.mean = fround(mean + fround(weight * delta));
    if (seen < 3 || !(nowMs - this.firstMs >= 2 * DAY_MS)) return -1;
    return Math.abs(fround(delta / deviationOf(variance, mean, tuning.floor)));
  }
}

export class ReferenceSignal {
  private readonly shift = new Shift();
  private readonly drift = new Shift();
  private readonly hours: Hours | undefined;
  private readonly tails = [new ReferenceTail(), new ReferenceTail(), new ReferenceTail()] as const;

  /** @param daily whether the signal has hours of the day */
  constructor(daily: boolean) {
    if (daily) this.hours = new Hours();
  }

  /**
   * Takes a value, an f32; evidence of each detector that says something, Q8.
   */
  step(x: number, nowMs: number, dayMs: number, tuning: SignalTuning): number[] {
    if (!isSignal(x)) return [];
    const shifts = [
      this.shift.step(x, tuning.fastWeight, tuning.slowWeight, tuning),
      this.drift.step(x, tuning.driftFastWeight, tuning.driftSlowWeight, tuning),
    ];
    const statistics = shifts.map((z) => (tuning.risesOnly ? Math.max(0, z) : Math.abs(z)));
    const hourly = this.hours?.step(x, nowMs, dayMs, tuning) ?? -1;
    if (hourly >= 0) statistics.push(hourly);
    return statistics.map((one, i) => this.tails[i]!.step(one, tuning.guarded));
  }
}
