import { describe, expect, it } from "vitest";
import { endingsOf, suffixPattern } from "../../../host-tools/src/rollout/session-affinity";

const SESSIONS = Array.from({ length: 256 }, (_, i) => `id-${i.toString(16).padStart(2, "0")}`);

/** The mesh's expressions match the whole value. */
const chosen = (weight: number): string[] => {
  const pattern = new RegExp(`^(?:${suffixPattern(weight)})$`);
  return SESSIONS.filter((session) => pattern.test(session));
};

describe("a header that chooses the arm", () => {
  it("gives the canary its share of the endings", () => {
    for (let weight = 1; weight <= 100; weight++) {
      expect(chosen(weight)).toHaveLength(endingsOf(weight));
      expect(Math.abs(endingsOf(weight) / 256 - weight / 100)).toBeLessThanOrEqual(1 / 256);
    }
  });

  it("keeps every session of a smaller share in a larger one", () => {
    for (let weight = 2; weight <= 100; weight++) {
      expect(chosen(weight)).toEqual(expect.arrayContaining(chosen(weight - 1)));
    }
  });

  it("does not care for the case of the digits, and takes no other ending", () => {
    const pattern = new RegExp(`^(?:${suffixPattern(90)})$`);
    for (const session of SESSIONS) {
      expect(pattern.test(session)).toBe(pattern.test(`ID-${session.slice(3).toUpperCase()}`));
    }
    expect(new RegExp(`^(?:${suffixPattern(100)})$`).test("user-zz")).toBe(false);
  });
});
