// Slowly varying conditions of a made-up route: bursts, hiccups, flash crowds, drifting latencies.
// All of them are healthy.

import type { Prng } from "../lib/prng";
import { exp, exponential, normal } from "../model/exact-math";
import type { RouteProfile } from "./route-profile";

/** Mean times between, and mean lengths. */
const BURST_EVERY_MS = 120_000;
const BURST_MS = 4000;
const HICCUP_EVERY_MS = 60_000;
const HICCUP_MS = 300;
const CROWD_EVERY_MS = 600_000;
const CROWD_RISE_MS = 10_000;
const CROWD_FALL_MS = 60_000;
/** A drift forgets itself over this. */
const DRIFT_MS = 60_000;

const BURST_LATENCY = 1.3;
const HICCUP_LATENCY = 2.5;
/** A crowd's extra requests make all of them slower, by at most this. */
const CROWD_LATENCY = 1.4;

export class RouteWeather {
  private burstUntilMs = 0;
  private hiccupUntilMs = 0;
  private crowdFromMs = -Infinity;
  private readonly drifts: Float64Array;

  constructor(
    private readonly route: RouteProfile,
    private readonly random: Prng,
  ) {
    this.drifts = new Float64Array(1 + route.arms.length);
  }

  /** Moves on by one request. */
  pass(nowMs: number, gapMs: number): void {
    const { random } = this;
    if (random.uniform() < gapMs / BURST_EVERY_MS) {
      this.burstUntilMs = nowMs + exponential(random, BURST_MS);
    }
    if (random.uniform() < gapMs / HICCUP_EVERY_MS) {
      this.hiccupUntilMs = nowMs + exponential(random, HICCUP_MS);
    }
    if (random.uniform() < gapMs / CROWD_EVERY_MS) this.crowdFromMs = nowMs;
    const step = Math.min(1, gapMs / DRIFT_MS);
    for (let i = 0; i < this.drifts.length; i++) {
      const size = i === 0 ? 0.25 : 0.12;
      const change = -step * this.drifts[i]! + size * Math.sqrt(step) * normal(random);
      this.drifts[i] = this.drifts[i]! + change;
    }
  }

  /** How much of a flash crowd is there: up in seconds, gone over a minute. */
  private crowd(nowMs: number): number {
    const since = nowMs - this.crowdFromMs;
    if (since > 10 * CROWD_FALL_MS) return 0;
    if (since < CROWD_RISE_MS) return since / CROWD_RISE_MS;
    return exp((CROWD_RISE_MS - since) / CROWD_FALL_MS);
  }

  /** The rate over the route's usual one: day, burst and crowd. */
  rateFactor(nowMs: number): number {
    const { swing, swingPeriodMs, burstFactor, crowdFactor } = this.route;
    const phase = (nowMs / swingPeriodMs) % 1;
    const day = 1 + swing * (phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase);
    const burst = nowMs < this.burstUntilMs ? burstFactor : 1;
    return day * Math.max(burst, 1 + (crowdFactor - 1) * this.crowd(nowMs));
  }

  /** Latencies of an arm over the route's usual ones. */
  latencyFactor(nowMs: number, arm: number): number {
    const burst = nowMs < this.burstUntilMs ? BURST_LATENCY : 1;
    const hiccup = nowMs < this.hiccupUntilMs ? HICCUP_LATENCY : 1;
    const crowd = 1 + (CROWD_LATENCY - 1) * this.crowd(nowMs);
    const drift = this.drifts[0]! + this.drifts[1 + arm]!;
    const own = this.route.arms[arm]!.latencyFactor;
    return own * burst * hiccup * crowd * exp(Math.max(-0.7, Math.min(0.7, drift)));
  }
}
