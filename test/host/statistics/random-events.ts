// Values and requests for long comparisons: mostly what happens, and now and then what should not.

import type { Prng } from "../../../host-tools/src/lib/prng";

const ODD_VALUES = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, 1e15, 3e15, -1e15, 1e38];
const ODD_TIMES = [Number.NaN, -1, Infinity, -Infinity, 2 ** 53, 2 ** 60];

function oneOf<T>(random: Prng, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/** A value of a stream that wanders, repeats, jumps and is sometimes no number. */
export function randomValue(random: Prng, step: number): number {
  const kind = random.below(400);
  if (kind === 0) return oneOf(random, ODD_VALUES);
  if (kind < 40) return 7;
  const level = Math.floor(step / 5000) % 3;
  return level * 4 + (kind === 41 ? 50 : 1) * random.normal();
}

/** Time after a time: mostly a little later, sometimes much later, earlier, or no time at all. */
export function randomTime(random: Prng, nowMs: number, meanMs: number): number {
  const kind = random.below(3000);
  if (kind === 0) return oneOf(random, ODD_TIMES);
  if (kind < 4) return nowMs + random.exponential(86_400_000);
  if (kind < 10) return nowMs - random.exponential(500);
  return nowMs + random.exponential(meanMs);
}

export interface RandomEnd {
  readonly latencyMs: number;
  readonly ttfbMs: number;
  readonly status: number;
}

/** The end of a request; one in some hundreds has a latency that is none. */
export function randomEnd(random: Prng): RandomEnd {
  const latencyMs = random.below(300) === 0 ? oneOf(random, ODD_VALUES) : random.exponential(40);
  const ttfbMs = random.below(20) === 0 ? oneOf(random, [-1, Number.NaN, 1e9]) : latencyMs / 2;
  const status = oneOf(random, [200, 200, 200, 200, 200, 200, 204, 301, 404, 429, 503, 0, 99, 700]);
  return { latencyMs, ttfbMs, status };
}
