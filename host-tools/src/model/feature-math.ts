// The filter's float arithmetic (assembly/state/math.ts and ewma.ts) in TypeScript: every operation
// rounded to 32 bits, so that training sees the very vectors that serving will. A test compares
// both.

const fround = Math.fround;

/** Time between two samples is clamped to this. */
const ELAPSED_MS_MAX = 5000;
const FAST_FLOOR = fround(0.15);
const SLOW_FLOOR = fround(0.03);

const EXP2 = [-0.6931391, 0.2399638, -0.05415403, 0.007336974].map(fround);
const LOG2 = [0.44245418, -0.27016007, 0.15202092, -0.045841515].map(fround);

const bits = new DataView(new ArrayBuffer(4));

/** Horner's rule in 32 bits, lowest coefficient first. */
function horner(coefficients: readonly number[], t: number): number {
  let sum = coefficients[coefficients.length - 1]!;
  for (let i = coefficients.length - 2; i >= 0; i--) {
    sum = fround(coefficients[i]! + fround(t * sum));
  }
  return sum;
}

/** 2^-x as the filter computes it. */
export function exp2Negative(x: number): number {
  if (!(x > 0)) return 1;
  if (x >= 60) return 0;
  const whole = Math.trunc(x);
  const t = fround(x - whole);
  const fraction = fround(1 + fround(t * horner(EXP2, t)));
  bits.setInt32(0, (127 - whole) << 23);
  return fround(fraction * bits.getFloat32(0));
}

/** log2 of a positive f32 as the filter computes it. */
export function log2(x: number): number {
  if (!(x >= 1.1754943508222875e-38)) return -126;
  bits.setFloat32(0, x);
  const whole = bits.getInt32(0);
  const exponent = ((whole >> 23) & 255) - 127;
  bits.setInt32(0, (whole & 0x7fffff) | 0x3f800000);
  const t = fround(bits.getFloat32(0) - 1);
  const bow = fround(fround(t * fround(1 - t)) * horner(LOG2, t));
  return fround(fround(exponent + t) + bow);
}

/** Milliseconds from then to now, clamped to [0, 5000], as f32. */
export function elapsedMs(thenMs: number, nowMs: number): number {
  const elapsed = nowMs - thenMs;
  return elapsed > 0 ? fround(Math.min(elapsed, ELAPSED_MS_MAX)) : 0;
}

/** One latency's time-decayed averages; the recurrence is stated in assembly/state/ewma.ts. */
export class LatencyAverage {
  fastMs = 0;
  slowMs = 0;
  variance = 0;
  peakMs = 0;
  samples = 0;
  private lastMs = 0;
  private below = 0;

  constructor(
    private readonly fastHalfLifeMs: number,
    private readonly slowHalfLifeMs: number,
  ) {}

  add(latencyMs: number, nowMs: number): void {
    const x = fround(latencyMs);
    if (this.samples === 0) {
      this.fastMs = this.slowMs = this.peakMs = x;
      this.lastMs = nowMs;
      this.samples = 1;
      return;
    }
    const dtMs = elapsedMs(this.lastMs, nowMs);
    const fastDecay = exp2Negative(fround(dtMs / this.fastHalfLifeMs));
    const fastWeight = Math.max(fround(1 - fastDecay), FAST_FLOOR);
    const slowDecay = exp2Negative(fround(dtMs / this.slowHalfLifeMs));
    const slowWeight = Math.max(fround(1 - slowDecay), SLOW_FLOOR);
    const delta = fround(x - this.slowMs);
    this.fastMs = fround(this.fastMs + fround(fastWeight * fround(x - this.fastMs)));
    const spread = fround(fround(slowWeight * delta) * delta);
    this.variance = fround(fround(1 - slowWeight) * fround(this.variance + spread));
    this.slowMs = fround(this.slowMs + fround(slowWeight * delta));
    const peak = fround(this.slowMs + fround(fround(this.peakMs - this.slowMs) * slowDecay));
    this.peakMs = Math.max(x, peak);
    this.lastMs = Math.max(nowMs, this.lastMs);
    this.samples += 1;
    this.noteRecovery(x);
  }

  /** A request that ended unfinished: only what is over the estimates says anything. */
  addCensored(latencyMs: number, nowMs: number): void {
    const x = fround(latencyMs);
    if (this.samples > 0 && x > this.fastMs && x > this.slowMs) this.add(x, nowMs);
  }

  private noteRecovery(x: number): void {
    if (fround(x * 2) >= this.slowMs) {
      this.below = 0;
      return;
    }
    this.below += 1;
    if (this.below < 3) return;
    this.slowMs = Math.max(fround(this.slowMs * 0.5), Math.max(this.fastMs, x));
    this.variance = fround(this.variance * 0.25);
  }
}
