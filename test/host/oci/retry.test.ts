import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { type Attempt, retryAfterMs, retrying, TRIES_MAX } from "../../../host-tools/src/oci/retry";
import { InstantClock } from "./sample";

const fail = (retryAfter?: string): Attempt<string> => ({
  done: false,
  error: new Error("failed"),
  retryAfter,
});

async function sleepsOf(attempt: () => Attempt<string>, seed = 1): Promise<number[]> {
  const clock = new InstantClock();
  await retrying(async () => attempt(), clock, seededPrng(seed)).catch(() => undefined);
  return clock.sleepsMs;
}

describe("retries", () => {
  it("end with the first value", async () => {
    const answers = [fail(), fail(), { done: true, value: "there" } as const];
    const value = await retrying(
      async (at) => answers[at] ?? fail(),
      new InstantClock(),
      seededPrng(1),
    );
    expect(value).toBe("there");
  });

  it("end after a fixed number of tries with the last error", async () => {
    let tries = 0;
    const attempt = async () => {
      tries++;
      return fail();
    };
    await expect(retrying(attempt, new InstantClock(), seededPrng(1))).rejects.toThrow("failed");
    expect(tries).toBe(TRIES_MAX);
  });

  it("do not swallow what an attempt throws", async () => {
    const clock = new InstantClock();
    const attempt = () => Promise.reject(new Error("final"));
    await expect(retrying(attempt, clock, seededPrng(1))).rejects.toThrow("final");
    expect(clock.sleepsMs).toEqual([]);
  });

  it("wait within a ceiling that doubles, differently for each seed", async () => {
    const ceilingsMs = [250, 500, 1_000, 2_000];
    const runs = [1, 2, 3, 1].map((seed) => sleepsOf(() => fail(), seed));
    const [one, two, three, again] = await Promise.all(runs);
    for (const sleepsMs of [one, two, three]) {
      expect(sleepsMs).toHaveLength(4);
      sleepsMs?.forEach((ms, at) => expect(ms).toBeLessThanOrEqual(ceilingsMs[at] ?? 0));
    }
    expect(again).toEqual(one);
    expect(new Set([one, two, three].map(String)).size).toBe(3);
  });

  it("never come back before Retry-After, and not at all after a minute", async () => {
    const sleepsMs = await sleepsOf(() => fail("60"));
    expect(sleepsMs.every((ms) => ms >= 60_000)).toBe(true);
    expect(await sleepsOf(() => fail("61"))).toEqual([]);
  });
});

describe("Retry-After", () => {
  const nowMs = Date.UTC(2026, 0, 1);

  it.each([
    ["0", 0],
    [" 7 ", 7_000],
    ["Thu, 01 Jan 2026 00:00:09 GMT", 9_000],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
    ["soon", undefined],
    [undefined, undefined],
  ])("as %j is %s ms", (header, expectedMs) => {
    expect(retryAfterMs(header, nowMs)).toBe(expectedMs);
  });
});
