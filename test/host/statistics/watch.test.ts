// The route watch: bit for bit its reference, and what it says of simulated traffic.

import { beforeAll, describe, expect, it } from "vitest";
import { EVIDENCE_MAX, RouteSignal } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { ReferenceWatch } from "../../../host-tools/src/statistics/reference-watch";
import type { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";
import { randomEnd, randomTime } from "./random-events";
import { startLab } from "./start-lab";

const STEPS = 100_000;

let lab: StatisticsLab;
beforeAll(() => {
  lab = startLab();
});

/** Number of the event after which watch and reference differ; -1 for none. */
function difference(seed: number, meanMs: number): number {
  const random = seededPrng(seed);
  const state = lab.fresh();
  const reference = new ReferenceWatch();
  let nowMs = 5000;
  for (let step = 0; step < STEPS; step++) {
    const atMs = randomTime(random, nowMs, meanMs);
    if (atMs >= 0 && atMs < 1e15) nowMs = atMs;
    const kind = random.below(5);
    if (kind === 0) {
      if ((lab.wasm.watchTick(state, atMs) !== 0) !== reference.tick(atMs)) return step;
    } else if (kind < 3) {
      const bytes = random.below(100) === 0 ? Number.NaN : random.exponential(2000);
      const attempt = random.below(12) === 0 ? 2 : 1;
      lab.wasm.watchArrival(state, atMs, bytes, attempt);
      reference.arrive(atMs, bytes, attempt);
    } else {
      const { latencyMs, ttfbMs, status } = randomEnd(random);
      lab.wasm.watchFinish(state, atMs, latencyMs, ttfbMs, status);
      reference.finish(atMs, latencyMs, ttfbMs, status);
    }
    const evidence = lab.wasm.watchEvidenceQ8(state);
    if (evidence !== reference.evidenceQ8 || evidence < 0 || evidence > EVIDENCE_MAX) return step;
    if (lab.wasm.watchTopSignal(state) !== reference.topSignal) return step;
  }
  return -1;
}

describe("the route watch and its reference", () => {
  it.each([
    [11, 3],
    [12, 80],
    [13, 2500],
  ])("agree on 100,000 events of seed %i, hostile ones among them", (seed, meanMs) => {
    expect(difference(seed, meanMs)).toBe(-1);
  });
});

interface Traffic {
  readonly latencyMs?: number;
  readonly slowShare?: number;
  readonly bodyMs?: number;
  readonly failing?: number;
  readonly refused?: number;
  readonly retried?: number;
  readonly bytes?: number;
  readonly perSecond?: number;
}

/** Highest evidence of a stretch, and the signal that made it. */
interface Stretch {
  readonly most: number;
  readonly top: number;
}

class Route {
  private readonly state = lab.fresh();
  private readonly random;
  private nowMs = 1000;

  constructor(seed: number) {
    this.random = seededPrng(seed);
  }

  flow(seconds: number, change: Traffic = {}): Stretch {
    const { random, state } = this;
    const { perSecond = 20, failing = 0.003, refused = 0.01, retried = 0.005 } = change;
    const { latencyMs = 40, slowShare = 0, bodyMs = 5, bytes = 900 } = change;
    let [most, top] = [0, -1];
    const untilMs = this.nowMs + seconds * 1000;
    while (this.nowMs < untilMs) {
      this.nowMs += random.exponential(1000 / perSecond);
      if (lab.wasm.watchTick(state, this.nowMs) && lab.wasm.watchEvidenceQ8(state) > most) {
        most = lab.wasm.watchEvidenceQ8(state);
        top = lab.wasm.watchTopSignal(state);
      }
      const attempt = random.uniform() < retried ? 2 : 1;
      lab.wasm.watchArrival(state, this.nowMs, bytes * Math.exp(0.7 * random.normal()), attempt);
      const factor = random.uniform() < slowShare ? 4 : 1;
      const firstMs = latencyMs * factor * Math.exp(0.4 * random.normal());
      const draw = random.uniform();
      const status = draw < failing ? 503 : draw < failing + refused ? 404 : 200;
      lab.wasm.watchFinish(state, this.nowMs, firstMs + bodyMs, firstMs, status);
    }
    return { most, top };
  }
}

describe("the route watch", () => {
  const faults: [string, Traffic, RouteSignal[]][] = [
    ["a third of the answers four times slower", { slowShare: 0.33 }, [RouteSignal.SlowestLatency]],
    [
      "all answers twice as slow",
      { latencyMs: 80 },
      [RouteSignal.Latency, RouteSignal.SlowestLatency],
    ],
    ["an error share of 8 %", { failing: 0.08 }, [RouteSignal.Failures]],
    ["a share of refusals of 15 %", { refused: 0.15 }, [RouteSignal.Refusals]],
    ["retries", { retried: 0.1 }, [RouteSignal.Retries]],
    ["requests ten times as large", { bytes: 9000 }, [RouteSignal.Bytes]],
    ["answers that trickle", { bodyMs: 60 }, [RouteSignal.BodyTime, RouteSignal.SlowestLatency]],
  ];

  it.each(faults)("sees %s within a minute and a half", (_name, change, signals) => {
    const route = new Route(5);
    route.flow(900);
    const healthy = route.flow(900);
    const faulty = route.flow(90, change);
    expect(faulty.most).toBeGreaterThan(1.5 * healthy.most);
    expect(signals).toContain(faulty.top);
  });

  it("lets a crowd pass", () => {
    const route = new Route(6);
    route.flow(900);
    const healthy = route.flow(900);
    expect(route.flow(180, { perSecond: 80 }).most).toBeLessThan(1.5 * healthy.most);
  });

  it("says nothing in its first minute", () => {
    expect(new Route(7).flow(50, { failing: 0.5 })).toEqual({ most: 0, top: -1 });
  });

  it("still sees a fault an hour after one like it: it has not become usual", () => {
    const route = new Route(8);
    route.flow(1800);
    const first = route.flow(90, { failing: 0.1 });
    route.flow(3600);
    const second = route.flow(90, { failing: 0.1 });
    expect(second.most).toBeGreaterThan(0.6 * first.most);
  });

  it("takes a new level for usual in the end", () => {
    const route = new Route(9);
    route.flow(1800);
    const first = route.flow(60, { latencyMs: 80 });
    for (let hour = 0; hour < 6; hour++) route.flow(3600, { latencyMs: 80 });
    expect(route.flow(600, { latencyMs: 80 }).most).toBeLessThan(0.5 * first.most);
  });
});
