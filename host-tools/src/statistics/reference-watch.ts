// The route watch in TypeScript, written from the rules at the head of assembly/statistics/route-watch.ts,
// every operation rounded to 32 bits.

import { EVIDENCE_MAX } from "../contract";
import { exp2Negative, log2 } from "../model/feature-math";

const fround = Math.fround;

/** By RouteSignal; the place of the rate, which is not watched, has the share of large requests. */
const WATCH_SIGNALS = 8;
const LARGE = 0;
const LATENCY = 1;
const SLOW = 2;
const BODY = 3;
const FAILURES = 4;
const REFUSALS = 5;
const BYTES = 6;
const RETRIES = 7;
const SHARES: readonly number[] = [LARGE, SLOW, FAILURES, REFUSALS, RETRIES];

const HALF_LIVES_MS = [20_000, 60_000];
const LEARNING_MS = 3_600_000;
const SLOW_STEP = fround(0.005);
const LARGE_STEP = fround(0.02);
const PRIOR = 30;
const EVIDENCE_PER_DEVIATION = 300;
const SECOND_WEIGHT = 0.5;
const STEP_MS = 1000;
const STEP_MS_MAX = 10_000;
const TIME_MAX_MS = 2 ** 53;
const MEASURE_MAX = fround(1e12);
const LATENCY_OFFSET_MS = 0.0625;
const COUNT_MIN = fround(0.05);
const CLIP = 3;
const SHARE_FLOOR = fround(0.005);
const MEAN_FLOOR = fround(0.02);
const QUIET_STEPS = 60;
const YOUNG = 100;
const YOUNG_FACTOR = 10;

const isTime = (ms: number): boolean => ms >= 0 && ms <= TIME_MAX_MS;
const isMeasure = (x: number): boolean => x >= 0 && x <= MEASURE_MAX;

/** A running quantile of logarithms: up by a share of the pace, down by the rest. */
class Line {
  private level = 0;
  private seen = 0;

  /** @param share below the line, in [0, 1] */
  constructor(
    private readonly share: number,
    private readonly pace: number,
  ) {}

  /** Whether x is a factor above the line, which then moves. */
  passes(x: number, above: number): boolean {
    if (this.seen === 0) this.level = x;
    if (this.seen < YOUNG) this.seen += 1;
    const isOver = x > fround(this.level + above);
    const pace = this.seen < YOUNG ? fround(this.pace * YOUNG_FACTOR) : this.pace;
    const step =
      x > this.level ? fround(pace * this.share) : -fround(pace * fround(1 - this.share));
    this.level = fround(this.level + step);
    return isOver;
  }
}

class Average {
  sum = 0;
  count = 0;
  mean = 0;
  variance = 0;
}

export class ReferenceWatch {
  evidenceQ8 = 0;
  topSignal = -1;
  /** Windows closed. */
  steps = 0;
  private startMs: number | undefined;
  private sums = new Float32Array(WATCH_SIGNALS);
  private counts = new Float32Array(WATCH_SIGNALS);
  private readonly latencyLine = new Line(fround(0.9), SLOW_STEP);
  private readonly bytesLine = new Line(fround(0.99), LARGE_STEP);
  private readonly averages = HALF_LIVES_MS.map(() =>
    Array.from({ length: WATCH_SIGNALS }, () => new Average()),
  );

  arrive(nowMs: number, requestBytes: number, attempt: number): void {
    this.advance(nowMs);
    const given = fround(requestBytes);
    const bytes = log2(fround((isMeasure(given) ? given : 0) + 64));
    this.add(BYTES, bytes);
    this.add(LARGE, this.bytesLine.passes(bytes, 1) ? 1 : 0);
    this.add(RETRIES, attempt > 1 ? 1 : 0);
  }

  finish(nowMs: number, latencyMs: number, ttfbMs: number, status: number): void {
    this.advance(nowMs);
    if (!(status >= 100 && status < 600)) return;
    this.add(FAILURES, status >= 500 ? 1 : 0);
    this.add(REFUSALS, status >= 400 && status < 500 && status !== 429 ? 1 : 0);
    const [whole, first] = [fround(latencyMs), fround(ttfbMs)];
    // A refusal or a failure says nothing of how long the work takes.
    if (status >= 400 || !isMeasure(whole)) return;
    const latency = log2(fround(whole + LATENCY_OFFSET_MS));
    this.add(LATENCY, latency);
    this.add(SLOW, this.latencyLine.passes(latency, 0.5) ? 1 : 0);
    if (isMeasure(first)) this.add(BODY, log2(fround(Math.max(0, fround(whole - first)) + 1)));
  }

  /** Closes the window if it is over; whether it was. */
  tick(nowMs: number): boolean {
    if (this.startMs === undefined || !isTime(nowMs)) return false;
    const elapsedMs = nowMs - this.startMs;
    if (!(elapsedMs >= STEP_MS)) return false;
    this.close(nowMs, elapsedMs);
    return true;
  }

  private advance(nowMs: number): void {
    if (this.tick(nowMs)) return;
    const setBack = this.startMs !== undefined && nowMs < this.startMs - STEP_MS_MAX;
    if (isTime(nowMs) && (setBack || this.startMs === undefined)) this.open(nowMs);
  }

  private open(nowMs: number): void {
    this.startMs = nowMs;
    this.sums.fill(0);
    this.counts.fill(0);
  }

  private add(signal: number, value: number): void {
    this.sums[signal]! += value;
    this.counts[signal]! += 1;
  }

  private close(nowMs: number, elapsed: number): void {
    const elapsedMs = fround(Math.min(elapsed, STEP_MS_MAX));
    const start = fround(1 / (this.steps + 1));
    const slow = fround(1 - exp2Negative(fround(elapsedMs / LEARNING_MS)));
    const weight = Math.max(slow, start);
    const keeps = HALF_LIVES_MS.map((ms) => exp2Negative(fround(fround(elapsed) / ms)));
    const signals = Array.from({ length: WATCH_SIGNALS }, (_, signal) => {
      return Math.max(...keeps.map((keep, scale) => this.step(signal, scale, keep, weight)));
    });
    this.steps += 1;
    this.conclude(signals);
    this.open(nowMs);
  }

  /** One signal in one scale: deviations above its usual level, 0 or more. */
  private step(signal: number, scale: number, keep: number, weight: number): number {
    const average = this.averages[scale]![signal]!;
    average.sum = fround(fround(average.sum * keep) + this.sums[signal]!);
    average.count = fround(fround(average.count * keep) + this.counts[signal]!);
    if (average.count < COUNT_MIN) return 0;
    const isShare = SHARES.includes(signal);
    const prior = isShare ? PRIOR : 0;
    const usual = fround(prior * average.mean);
    const value = fround(fround(average.sum + usual) / fround(average.count + prior));
    const distance = fround(value - average.mean);
    const floor = isShare ? SHARE_FLOOR : MEAN_FLOOR;
    const unit = fround(fround(Math.sqrt(average.variance)) + floor);
    const reach = fround(CLIP * unit);
    const pull = Math.max(-reach, Math.min(reach, distance));
    const spread = fround(fround(pull * pull) - average.variance);
    average.mean = fround(average.mean + fround(weight * pull));
    average.variance = fround(average.variance + fround(weight * spread));
    return Math.max(0, fround(distance / unit));
  }

  private conclude(signals: readonly number[]): void {
    let [most, second, top] = [0, 0, -1];
    signals.forEach((value, signal) => {
      if (value > most) [second, most, top] = [most, value, signal];
      else if (value > second) second = value;
    });
    const isYoung = this.steps <= QUIET_STEPS;
    const both = fround(most + fround(SECOND_WEIGHT * second));
    const evidence = fround(EVIDENCE_PER_DEVIATION * both);
    this.evidenceQ8 = isYoung ? 0 : Math.trunc(Math.min(evidence, EVIDENCE_MAX));
    this.topSignal = isYoung || top < 0 ? -1 : top === LARGE ? BYTES : top;
  }
}
