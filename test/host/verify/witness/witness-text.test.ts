import { describe, expect, it } from "vitest";
import { deviations } from "../../../../host-tools/src/verify/witness/run-witness";
import { between, exactly, SIDES } from "../../../../host-tools/src/verify/witness/witness";
import {
  boundText,
  witnessConfigurations,
  witnessTable,
} from "../../../../host-tools/src/verify/witness/witness-text";
import { witnessOf, WITNESSES } from "../../../../host-tools/src/verify/witness/witnesses";
import { expectGolden } from "../../../support/golden";

const plain = { bad: String, good: String, strong: String };
const subset = witnessOf("unknown-subset")!;
const counters = {
  broken: { answers_200: 160, answers_503: 40, "http.entry.no_cluster": 40 },
  fixed: { answers_200: 200, answers_503: 0, "http.entry.no_cluster": 0 },
};

describe("a witness in text", () => {
  it.each(WITNESSES.map(({ rule }) => rule))("gives both configurations of %s", (rule) => {
    expectGolden(`witness/${rule}.yaml`, witnessConfigurations(witnessOf(rule)!));
  });

  it("shows counters beside what was claimed", () => {
    expectGolden("witness/table.txt", witnessTable(subset, counters, plain));
  });

  it("marks a counter that is not as claimed, on either side", () => {
    const wrong = { ...counters, fixed: { ...counters.fixed, answers_503: 1 } };
    expect(deviations(subset, counters)).toEqual([]);
    expect(deviations(subset, wrong)).toEqual([
      { side: "fixed", counter: "answers_503", value: 1 },
    ]);
    const bad = (text: string) => `<${text}>`;
    const lines = witnessTable(subset, wrong, { ...plain, bad }).split("\n");
    const marked = lines.filter((line) => line.startsWith("<"));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatch(/^<answers_503 .* NOT AS CLAIMED>$/);
  });

  it("takes a counter that was not counted for a deviation", () => {
    const { "http.entry.no_cluster": _lost, ...rest } = counters.broken;
    expect(deviations(subset, { ...counters, broken: rest })).toEqual([
      { side: "broken", counter: "http.entry.no_cluster", value: undefined },
    ]);
  });

  it("writes bounds as people say them", () => {
    expect(boundText(exactly(0))).toBe("0");
    expect(boundText(between(5, 7))).toBe("5 to 7");
    expect(boundText({ least: 5, most: Infinity })).toBe("5 or more");
    expect(boundText({ least: -Infinity, most: 40 })).toBe("40 or less");
  });
});

describe("the witnesses", () => {
  it("expect of the two sides what cannot both be true, in one counter at least", () => {
    const same = WITNESSES.filter(({ expect: claims }) =>
      Object.values(claims).every(
        ({ broken, fixed }) => broken.least <= fixed.most && fixed.least <= broken.most,
      ),
    );
    expect(same.map(({ rule }) => rule)).toEqual([]);
  });

  it("are one for a rule", () => {
    const rules = WITNESSES.map(({ rule }) => rule);
    expect(new Set(rules).size).toBe(rules.length);
    expect(rules).toEqual([...rules].sort());
  });

  it("have the same listeners on both sides", () => {
    for (const witness of WITNESSES) {
      const shape = SIDES.map((side) => {
        const parts = witness[side]({})["static_resources"] as { listeners: { name: string }[] };
        return parts.listeners.map(({ name }) => name);
      });
      expect(shape[0], witness.rule).toEqual(shape[1]);
    }
  });
});
