// What the detector of one stream finds, and what it leaves alone; records; evidence taken together.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { EVIDENCE_MAX } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";
import { startLab } from "./start-lab";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIVE_MINUTES_MS = 300_000;

let lab: StatisticsLab;
beforeAll(() => {
  lab = startLab();
});

/** Evidence of each value of a stream, one every five minutes; without hours where noted. */
function run(values: readonly number[], hours = true): number[] {
  const stream = lab.fresh();
  return values.map((x, i) => {
    const nowMs = i * FIVE_MINUTES_MS;
    return lab.wasm.stepStream(stream, x, nowMs, hours ? nowMs % DAY_MS : Number.NaN);
  });
}

const noise = (count: number, seed = 1): number[] => {
  const random = seededPrng(seed);
  return Array.from({ length: count }, () => random.normal());
};

const largest = (evidence: readonly number[]) => Math.max(...evidence);

describe("a stream", () => {
  it("that goes on as it was seldom gives much evidence", () => {
    const evidence = run(noise(20_000)).slice(1000);
    const share = evidence.filter((e) => e >= 768).length / evidence.length;
    expect(share).toBeLessThan(0.002);
  });

  it("whose level shifts says so within eight values", () => {
    const shifted = noise(3000).map((x, i) => (i >= 2500 ? x + 3 : x));
    expect(largest(run(shifted).slice(2500, 2508))).toBeGreaterThan(1024);
  });

  it("that drifts gives more evidence all along", () => {
    // Two deviations in 400 values: no pair of neighbours shows it.
    const drifting = noise(4000).map((x, i) => x + Math.max(0, i - 3000) * 0.005);
    const middle = (all: readonly number[]) => all.slice(3200, 3400).sort((a, b) => a - b)[100]!;
    expect(middle(run(drifting))).toBeGreaterThan(2 * middle(run(noise(4000))));
  });

  it("that is as at another hour says so, if hours are known", () => {
    // Noon is 10 above midnight; on the seventh day noon comes at midnight.
    const daily = (i: number) => 5 * Math.cos((2 * Math.PI * i) / 288);
    const base = noise(288 * 7).map((x, i) => 0.3 * x - daily(i));
    const odd = base.map((x, i) => (i >= 288 * 6 && i < 288 * 6 + 12 ? 5 : x));
    const [from, to] = [288 * 6, 288 * 6 + 12];
    const known = largest(run(odd).slice(from, to));
    const unknown = largest(run(odd, false).slice(from, to));
    expect(known).toBeGreaterThan(unknown + 256);
  });

  it("with a value beyond all before has evidence of it at once", () => {
    const spiked = noise(2000);
    spiked[1500] = 7;
    const calm = run(noise(2000));
    expect(run(spiked)[1500]).toBeGreaterThanOrEqual(calm[1500]! + 512);
  });

  it("is judged the same upside down", () => {
    const values = noise(5000, 4).map((x, i) => x + (i > 4000 ? 2 : 0));
    expect(run(values.map((x) => -x))).toEqual(run(values));
  });

  it.each([Number.NaN, Infinity, -Infinity, 2e15])("takes no notice of %d", (odd) => {
    const stream = lab.fresh();
    const bytes = lab.wasm.streamBytes();
    noise(200).forEach((x, i) => lab.wasm.stepStream(stream, x, i * 1000, i * 1000));
    const before = [...lab.bytes(stream, bytes)];
    expect(lab.wasm.stepStream(stream, odd, 200_000, 200_000)).toBe(0);
    expect([...lab.bytes(stream, bytes)]).toEqual(before);
  });

  it("stays within its bytes", () => {
    const stream = lab.fresh();
    noise(5000).forEach((x, i) => lab.wasm.stepStreamForRecords(stream, x, i * HOUR_MS, 0));
    const bytes = lab.wasm.streamBytes();
    expect(bytes).toBeLessThanOrEqual(656);
    expect([...lab.bytes(stream + bytes, 4096 - bytes)].every((byte) => byte === 0)).toBe(true);
  });
});

describe("a record", () => {
  const record = (values: readonly number[]) => {
    const state = lab.fresh();
    return values.map((value) => lab.wasm.stepRecord(state, value));
  };

  it("is what lies above all of the last values", () => {
    expect(record([0, 300, 200, 300, 301, 2560, 2560])).toEqual([0, 300, 0, 0, 301, 2560, 0]);
  });

  it("stands for 91 values at least and 96 at most", () => {
    const after = (zeros: number) => record([500, ...Array<number>(zeros).fill(0), 400]).at(-1);
    expect(after(90)).toBe(0);
    expect(after(96)).toBe(400);
  });
});

describe("pieces of evidence together", () => {
  const together = (all: readonly number[]) => {
    const place = lab.fresh();
    new Uint16Array(lab.wasm.memory.buffer, place, all.length).set(all);
    return lab.wasm.harmonicEvidence(place, all.length);
  };

  it("are worth what each is worth if all are the same", () => {
    for (const one of [0, 1, 256, 1000, EVIDENCE_MAX]) {
      expect(together(Array<number>(8).fill(one))).toBe(one);
    }
  });

  it("are worth at most the largest, at least that less the logarithm of their number", () => {
    const piece = fc.integer({ min: 0, max: EVIDENCE_MAX });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (all) => {
        const most = Math.max(...all);
        expect(together(all)).toBeLessThanOrEqual(most);
        expect(together(all)).toBeGreaterThanOrEqual(most - 256 * Math.log10(all.length) - 1);
      }),
      { seed: 6, numRuns: 1000 },
    );
  });

  it("are the harmonic mean of their p-values", () => {
    // p = 1e-3 and 1e-1: 2 / (1000 + 10) = 1.98e-3, 692.
    expect(Math.abs(together([768, 256]) - 256 * Math.log10(505))).toBeLessThan(1.5);
  });
});
