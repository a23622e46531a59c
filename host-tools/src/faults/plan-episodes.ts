// When which fault happens to which route. Each route has one trouble at a time, and after each one time
// enough to be healthy again: what a detector says about an episode is then about that one alone.

import type { Prng } from "../lib/prng";
import { FAULT_CLASSES, type FaultClass, type Intensity } from "./fault-class";
import type { Episode } from "./scenario";
import type { SuiteRoute } from "./suite-routes";

/** Healthy time between two episodes of a route: at least this, and as much again at random. */
export const RECOVERY_MS = 480_000;

export interface PlanOptions {
  /** Episodes of each fault at each intensity. */
  readonly repeats: number;
  readonly intensities: readonly Intensity[];
  /** When the first recovery before an episode begins. */
  readonly fromMs: number;
  readonly recoveryMs: number;
  readonly lastsMs: (fault: FaultClass) => number;
}

export interface RoutePlan {
  readonly episodes: readonly Episode[];
  /** When the route's traffic ends. */
  readonly untilMs: number;
}

interface Slot {
  readonly fault: FaultClass;
  readonly intensity: Intensity;
}

/**
 * Spreads the episodes over the routes that can have them, always to the one with the least so far, in an
 * order of its own for each route.
 */
export function planEpisodes(
  routes: readonly SuiteRoute[],
  options: PlanOptions,
  random: Prng,
): RoutePlan[] {
  const slots: Slot[][] = routes.map(() => []);
  const rarestFirst = [...FAULT_CLASSES].sort((x, y) => hosts(routes, x) - hosts(routes, y));
  for (const fault of rarestFirst) {
    const able = routes.flatMap((route, i) => (route.faults.includes(fault) ? [i] : []));
    if (able.length === 0) continue;
    for (let repeat = 0; repeat < options.repeats; repeat++) {
      for (const intensity of options.intensities) {
        const least = able.reduce((best, i) => (slots[i]!.length < slots[best]!.length ? i : best));
        slots[least]!.push({ fault, intensity });
      }
    }
  }
  return slots.map((own, route) => schedule(shuffled(own, random), route, options, random));
}

function hosts(routes: readonly SuiteRoute[], fault: FaultClass): number {
  return routes.filter((route) => route.faults.includes(fault)).length;
}

function schedule(
  slots: readonly Slot[],
  route: number,
  { fromMs: beginMs, recoveryMs, lastsMs }: PlanOptions,
  random: Prng,
): RoutePlan {
  const episodes: Episode[] = [];
  let atMs = beginMs;
  for (const { fault, intensity } of slots) {
    const fromMs = atMs + recoveryMs * (1 + random.uniform());
    atMs = fromMs + lastsMs(fault);
    episodes.push({ fault, intensity, route, fromMs, untilMs: atMs });
  }
  return { episodes, untilMs: atMs + recoveryMs };
}

function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
