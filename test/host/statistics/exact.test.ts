// The filter's statistics = the reference, bit for bit, over long runs with hostile values and clocks.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { EVIDENCE_MAX, ROUTE_SIGNALS } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  ReferenceMonitor,
  harmonicEvidence,
} from "../../../host-tools/src/statistics/reference-monitor";
import { ReferenceStream } from "../../../host-tools/src/statistics/reference-stream";
import type { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";
import { randomEnd, randomTime, randomValue } from "./random-events";
import { startLab } from "./start-lab";

const STEPS = 100_000;
const DAY_MS = 86_400_000;

let lab: StatisticsLab;
beforeAll(() => {
  lab = startLab();
});

/** First step at which the stream detectors differ; -1 for none. */
function streamDifference(seed: number, meanMs: number): number {
  const random = seededPrng(seed);
  const stream = lab.fresh();
  const reference = new ReferenceStream();
  let nowMs = 1e9;
  for (let step = 0; step < STEPS; step++) {
    const x = randomValue(random, step);
    const atMs = randomTime(random, nowMs, meanMs);
    if (atMs >= 0 && atMs < 1e15) nowMs = atMs;
    const dayMs = random.below(500) === 0 ? Number.NaN : atMs % DAY_MS;
    const evidence = lab.wasm.stepStreamForRecords(stream, x, atMs, dayMs);
    if (evidence !== reference.stepForRecords(x, atMs, dayMs)) return step;
    if (evidence < 0 || evidence > EVIDENCE_MAX) return step;
  }
  return -1;
}

/** Number of the event after which the monitors differ; -1 for none. */
function monitorDifference(seed: number, meanMs: number, wallOffsetMs: number): number {
  const random = seededPrng(seed);
  lab.wasm.setWallClock(wallOffsetMs);
  const state = lab.fresh();
  const reference = new ReferenceMonitor(wallOffsetMs);
  let nowMs = 5000;
  for (let step = 0; step < STEPS; step++) {
    const atMs = randomTime(random, nowMs, meanMs);
    if (atMs >= 0 && atMs < 1e15) nowMs = atMs;
    const kind = random.below(5);
    if (kind === 0) {
      if ((lab.wasm.monitorTick(state, atMs) !== 0) !== reference.tick(atMs)) return step;
    } else if (kind < 3) {
      const bytes = random.below(100) === 0 ? Number.NaN : random.exponential(2000);
      const attempt = random.below(12) === 0 ? 2 : 1;
      lab.wasm.onArrival(state, atMs, bytes, attempt);
      reference.arrive(atMs, bytes, attempt);
    } else {
      const { latencyMs, ttfbMs, status } = randomEnd(random);
      lab.wasm.onFinish(state, atMs, latencyMs, ttfbMs, status);
      reference.finish(atMs, latencyMs, ttfbMs, status);
    }
    if (lab.wasm.monitorEvidenceQ8(state) !== reference.evidenceQ8) return step;
    if (lab.wasm.monitorTopSignal(state) !== reference.topSignal) return step;
    for (let signal = 0; signal < ROUTE_SIGNALS; signal++) {
      const evidence = lab.wasm.monitorSignalQ8(state, signal);
      if (evidence !== reference.evidences[signal]) return step;
    }
  }
  expect(reference.windows).toBeGreaterThan(100);
  return -1;
}

describe("the filter and the reference agree", () => {
  it.each([1, 2, 3])("on a stream of minutes, seed %i", (seed) => {
    expect(streamDifference(seed, 300_000)).toBe(-1);
  });

  it("on a stream of milliseconds, where hours do not turn", () => {
    expect(streamDifference(4, 1)).toBe(-1);
  });

  it.each([
    ["busy", 3],
    ["moderate", 60],
    ["quiet", 900],
    ["almost idle", 20_000],
  ])("on a %s route", (_, meanMs) => {
    expect(monitorDifference(10 + meanMs, meanMs, 1_700_000_000_000)).toBe(-1);
  });

  it("on a route whose wall clock nobody knows", () => {
    expect(monitorDifference(20, 100, Number.NaN)).toBe(-1);
  });

  it("on any evidence taken together", () => {
    const evidences = fc.array(fc.integer({ min: 0, max: EVIDENCE_MAX }), {
      minLength: 1,
      maxLength: 16,
    });
    fc.assert(
      fc.property(evidences, (all) => {
        const place = lab.fresh();
        new Uint16Array(lab.wasm.memory.buffer, place, all.length).set(all);
        expect(lab.wasm.harmonicEvidence(place, all.length)).toBe(harmonicEvidence(all));
      }),
      { seed: 5, numRuns: 2000 },
    );
  });
});
