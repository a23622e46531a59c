// How busy a healthy route is over time, relative to its rate: the day's swing and crowds. A crowd is
// many callers at once for a good reason, and no fault; telling it from a flood is the point.

import type { Prng } from "../lib/prng";
import { exponential } from "../model/exact-math";

export interface Crowd {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Rate at the crowd's height over the usual rate. */
  readonly factor: number;
}

export interface LoadCurve {
  /** Relative height of the swing, in [0, 1). */
  readonly swing: number;
  readonly periodMs: number;
  /** Where in the period the curve begins, in [0, 1). */
  readonly phase: number;
  readonly crowds: readonly Crowd[];
}

/** Time that a crowd takes to gather, and as long to go. */
const GATHER_MS = 20_000;
const CROWD_MS = 150_000;

/** Relative rate, above 0. */
export function loadAt(curve: LoadCurve, atMs: number): number {
  return swingAt(curve, atMs) * crowdAt(curve, atMs);
}

/** A smooth wave between 1 - swing and 1 + swing: two parabolas, so that it needs no sine. */
function swingAt({ swing, periodMs, phase }: LoadCurve, atMs: number): number {
  const x = (((atMs / periodMs + phase) % 1) + 1) % 1;
  const half = x < 0.5 ? 4 * x - 1 : 3 - 4 * x;
  const isFirst = x < 0.5;
  const arch = 1 - half * half;
  return 1 + swing * (isFirst ? arch : -arch);
}

/** 1 outside a crowd, its factor at its height, a straight line between. */
export function crowdAt({ crowds }: LoadCurve, atMs: number): number {
  const crowd = crowds.find((one) => atMs >= one.fromMs && atMs < one.untilMs);
  if (crowd === undefined) return 1;
  const gatherMs = Math.min(GATHER_MS, (crowd.untilMs - crowd.fromMs) / 4);
  const edgeMs = Math.min(atMs - crowd.fromMs, crowd.untilMs - atMs);
  return 1 + (crowd.factor - 1) * Math.min(1, edgeMs / gatherMs);
}

/**
 * Crowds at random times.
 *
 * @param everyMs mean time between two
 */
export function drawCrowds(random: Prng, untilMs: number, everyMs: number): Crowd[] {
  const crowds: Crowd[] = [];
  let atMs = everyMs / 2 + exponential(random, everyMs / 2);
  while (atMs < untilMs) {
    const lastsMs = CROWD_MS * (0.6 + 0.8 * random.uniform());
    crowds.push({ fromMs: atMs, untilMs: atMs + lastsMs, factor: 2.5 + 2 * random.uniform() });
    atMs += lastsMs + everyMs / 2 + exponential(random, everyMs / 2);
  }
  return crowds;
}
