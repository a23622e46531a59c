// The filter's own random numbers: repeatable, even, and in their bounds.

import { randomBelow, randomU32, randomUnit, seedRandom } from "../../../assembly/state/random";

describe("random numbers", () => {
  it("repeat for a seed and differ between seeds", () => {
    seedRandom(5);
    const first = randomU32();
    const second = randomU32();
    seedRandom(5);
    expect(randomU32()).toBe(first);
    expect(randomU32()).toBe(second);
    seedRandom(6);
    expect(randomU32()).not.toBe(first);
  });

  it("are not stuck by a seed of 0", () => {
    seedRandom(0);
    expect(randomU32()).not.toBe(randomU32());
  });

  it("fill the unit interval evenly and never reach 1", () => {
    seedRandom(17);
    const tenths = new StaticArray<i32>(10);
    let outside = 0;
    for (let i = 0; i < 100000; i++) {
      const x = randomUnit();
      if (x < 0 || x >= 1) outside++;
      else tenths[<i32>(x * 10)]++;
    }
    expect(outside).toBe(0);
    for (let k = 0; k < 10; k++) {
      expect(tenths[k]).toBeGreaterThan(9600);
      expect(tenths[k]).toBeLessThan(10400);
    }
  });

  it("below a bound are below it, each as often", () => {
    seedRandom(23);
    const seen = new StaticArray<i32>(7);
    for (let i = 0; i < 70000; i++) {
      // In two steps: asc evaluates the index of a[i]++ twice.
      const x = randomBelow(7);
      seen[x]++;
    }
    for (let k = 0; k < 7; k++) {
      expect(seen[k]).toBeGreaterThan(9600);
      expect(seen[k]).toBeLessThan(10400);
    }
    expect(randomBelow(1)).toBe(0);
  });
});
