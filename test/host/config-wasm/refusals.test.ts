// Every kind of refusal, with the exact line that goes to the proxy's log (golden file
// test/golden/config-refusals.txt; UPDATE_GOLDEN=1 rewrites it).

import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONFIG_PROBLEMS, ConfigProblem } from "../../../host-tools/src/contract";
import { configLab } from "./config-lab";
import { REFUSALS } from "./refusal-cases";

const GOLDEN = new URL("../../golden/config-refusals.txt", import.meta.url);
const lab = configLab();

/**
 * Kinds that the contract keeps from happening: no permitted burst takes 146 years to refill, and a
 * nesting that no field has is refused where it begins. rate.spec.ts and json.test.ts cover them.
 */
const UNREACHABLE = [ConfigProblem.CapacityTooLarge, ConfigProblem.TooDeep];

describe("a refused configuration", () => {
  const lines = REFUSALS.map(({ name, json }) => ({ name, ...lab.parse(json) }));

  it("is answered with the line in the golden file", () => {
    const text = lines.map(({ name, line }) => `${name}\n    ${line}\n`).join("");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, text);
    expect(text).toBe(readFileSync(GOLDEN, "utf8"));
  });

  for (const { name, problem, json } of REFUSALS) {
    it(`${name}: is the kind ${ConfigProblem[problem]}, and leaves an empty block`, () => {
      expect(lab.parse(json).accepted).toBe(false);
      expect(lab.problem).toBe(problem);
      const block = lab.memory().subarray(lab.settings, lab.settings + lab.exports.settingsBytes());
      expect(block.every((byte) => byte === 0)).toBe(true);
    });
  }

  it("names a place, a value and a bound in one line of visible ASCII", () => {
    for (const { line } of lines) expect(line).toMatch(/^[ -~]{10,300}$/);
  });

  it("every kind of problem has a case", () => {
    const covered = new Set<number>(REFUSALS.map(({ problem }) => problem));
    for (const problem of UNREACHABLE) covered.add(problem);
    const missing = Array.from({ length: CONFIG_PROBLEMS - 1 }, (_, i) => i + 1).filter((kind) => {
      return !covered.has(kind);
    });
    expect(missing.map((kind) => ConfigProblem[kind])).toEqual([]);
  });

  it("a line that does not fit is cut off, not written past its end", () => {
    const { line } = lab.parse('{"version":1,"mode":"off"}');
    for (const capacity of [0, 1, 7, 20])
      expect(lab.renderLine(capacity)).toBe(line.slice(0, capacity));
  });
});
