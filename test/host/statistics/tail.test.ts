// Laws of the online tail probability, on the filter's own module.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { EVIDENCE_MAX } from "../../../host-tools/src/contract";
import { type Prng, seededPrng } from "../../../host-tools/src/lib/prng";
import type { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";
import { startLab } from "./start-lab";

/** Bytes of one tail: 4 and 48 counts of 2. */
const TAIL_BYTES = 100;

let lab: StatisticsLab;
beforeAll(() => {
  lab = startLab();
});

/** A tail that has seen these values. */
function tailOf(values: readonly number[], guarded = 0): number {
  const tail = lab.fresh(0);
  for (const value of values) lab.wasm.stepTail(tail, value, guarded);
  return tail;
}

/** Evidence of a value, leaving the tail as it was. */
function evidenceOf(tail: number, value: number): number {
  const copy = lab.fresh(1);
  lab.bytes(copy, TAIL_BYTES).set(lab.bytes(tail, TAIL_BYTES));
  return lab.wasm.stepTail(copy, value, 0);
}

const draw = (count: number, one: (random: Prng) => number, seed = 1): number[] => {
  const random = seededPrng(seed);
  return Array.from({ length: count }, () => one(random));
};

/** Statistics of several kinds, all of scale about 1. */
const KINDS: readonly (readonly [string, (random: Prng) => number])[] = [
  ["a half-normal", (random) => Math.abs(random.normal())],
  ["a uniform", (random) => random.uniform()],
  ["an exponential", (random) => random.exponential(1)],
  ["a heavy-tailed", (random) => (1 - random.uniform()) ** (-1 / 1.5) - 1],
];

describe("the evidence of a value", () => {
  it("is none before 16 values were seen", () => {
    expect(evidenceOf(tailOf(draw(15, () => 0.1)), 50)).toBe(0);
    expect(evidenceOf(tailOf(draw(16, () => 0.1)), 50)).toBeGreaterThan(0);
  });

  it("never falls as the value rises", () => {
    const value = fc.double({ min: 0, max: 80, noNaN: true });
    const history = fc.array(value, { minLength: 16, maxLength: 400 });
    fc.assert(
      fc.property(history, value, value, (values, a, b) => {
        const tail = tailOf(values);
        const [low, high] = [evidenceOf(tail, Math.min(a, b)), evidenceOf(tail, Math.max(a, b))];
        expect(high).toBeGreaterThanOrEqual(low);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it.each(KINDS)("of %s statistic is one in ten as often, and one in a hundred", (_, one) => {
    const tail = tailOf(draw(3000, one));
    const evidence = draw(20_000, one, 2).map((value) => lab.wasm.stepTail(tail, value, 0));
    const share = (q8: number) => evidence.filter((e) => e >= q8).length / evidence.length;
    expect(share(256)).toBeGreaterThan(0.085);
    expect(share(256)).toBeLessThan(0.115);
    expect(share(512)).toBeGreaterThan(0.007);
    expect(share(512)).toBeLessThan(0.014);
  });

  it("goes on beyond all that was seen, exponentially", () => {
    const tail = tailOf(draw(3900, (random) => random.exponential(1)));
    // P(x > 11.5) = 1e-5: 1280.
    expect(evidenceOf(tail, 11.5)).toBeGreaterThan(1280 * 0.8);
    expect(evidenceOf(tail, 11.5)).toBeLessThan(1280 * 1.25);
  });

  it("has a most", () => {
    expect(evidenceOf(tailOf(draw(1000, () => 0.05)), 1e30)).toBe(EVIDENCE_MAX);
  });

  it("of the first rise of what was always 0 is news, not proof", () => {
    const tail = tailOf(draw(2000, () => 0));
    expect(evidenceOf(tail, 0)).toBe(0);
    expect(evidenceOf(tail, 0.3)).toBeGreaterThan(512);
    expect(evidenceOf(tail, 0.3)).toBeLessThan(1024);
  });

  it.each([Number.NaN, -1, -Infinity])("of %d is none, and it leaves no trace", (value) => {
    const tail = tailOf(draw(100, (random) => random.uniform()));
    const before = [...lab.bytes(tail, TAIL_BYTES)];
    expect(lab.wasm.stepTail(tail, value, 0)).toBe(0);
    expect([...lab.bytes(tail, TAIL_BYTES)]).toEqual(before);
  });
});

describe("a tail", () => {
  it("forgets: what was rare and goes on is usual", () => {
    const tail = tailOf(draw(3000, (random) => random.uniform()));
    expect(evidenceOf(tail, 8)).toBeGreaterThan(1280);
    for (let i = 0; i < 400; i++) lab.wasm.stepTail(tail, 8, 0);
    expect(evidenceOf(tail, 8)).toBeLessThan(256);
  });

  it("that is guarded counts a run of rare values once in sixteen", () => {
    const values = draw(3000, (random) => random.uniform());
    const total = (tail: number) => new Uint16Array(lab.bytes(tail, TAIL_BYTES).slice().buffer)[0]!;
    const tail = tailOf(values, 1);
    const before = total(tail);
    for (let i = 0; i < 32; i++) lab.wasm.stepTail(tail, 8, 1);
    expect(total(tail) - before).toBe(2);
    lab.wasm.stepTail(tail, 0.5, 1);
    lab.wasm.stepTail(tail, 8, 1);
    expect(total(tail) - before).toBe(4);
  });
});
