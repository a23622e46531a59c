// The tool's validator, the published schema and the filter's own reader agree: what one takes, all
// take. The filter's reader is the compiled one, in its lab module.

import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultLine } from "../../../host-tools/src/config/fault";
import { pluginConfigSchema } from "../../../host-tools/src/config/schema";
import { configFaults } from "../../../host-tools/src/config/validate";
import { ConfigProblem } from "../../../host-tools/src/contract";
import { configLab } from "../config-wasm/config-lab";
import { randomConfig } from "../config-wasm/random-config";
import { REFUSALS } from "../config-wasm/refusal-cases";
import { mutated } from "./mutated-config";

const lab = configLab();
const schema = new Ajv2020({ allErrors: false }).compile(pluginConfigSchema());
const SEED = 20260101;

/** Problems of the JSON text, which a parsed value cannot show. */
const TEXTUAL = new Set([
  ConfigProblem.Empty,
  ConfigProblem.TooLarge,
  ConfigProblem.Malformed,
  ConfigProblem.Truncated,
  ConfigProblem.TooDeep,
  ConfigProblem.BadText,
  ConfigProblem.EscapedTextTooLong,
  ConfigProblem.Trailing,
  ConfigProblem.DuplicateKey,
]);
/** Rules over several fields, which the schema does not know. */
const isCrossRule = (problem: ConfigProblem): boolean =>
  problem >= ConfigProblem.TooManyInAll && problem <= ConfigProblem.ArtifactDigest;

describe("validator, schema and filter", () => {
  it("take every valid configuration", () => {
    fc.assert(
      fc.property(randomConfig, (config) => {
        expect(configFaults(config).map(faultLine)).toEqual([]);
        expect(schema(config), JSON.stringify(schema.errors)).toBe(true);
        expect(lab.parse(JSON.stringify(config)).line).toBe("");
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("agree on configurations with one value changed at random", () => {
    let refused = 0;
    fc.assert(
      fc.property(mutated(randomConfig), (config) => {
        const faults = configFaults(config);
        const { accepted, line } = lab.parse(JSON.stringify(config));
        expect(accepted, `${line} / ${faults.map(faultLine).join("; ")}`).toBe(faults.length === 0);
        if (!accepted) expect(faults.map(faultLine)).toContain(line);
        if (!accepted) refused++;
        const single = faults.filter((fault) => !isCrossRule(fault.problem));
        expect(schema(config), JSON.stringify(schema.errors)).toBe(single.length === 0);
      }),
      { seed: SEED, numRuns: 1500 },
    );
    // Otherwise the mutations would be too tame to prove anything.
    expect(refused).toBeGreaterThan(300);
  });
});

describe("a configuration that the filter refuses", () => {
  const cases = REFUSALS.filter(
    // 1e400 and an escaped slash are gone once the text is parsed.
    ({ problem, json }) => !TEXTUAL.has(problem) && isJson(json) && !/1e400|\\\//.test(json),
  );
  for (const { name, json } of cases) {
    it(`is refused in the same words: ${name}`, () => {
      const { line } = lab.parse(json);
      expect(configFaults(JSON.parse(json)).map(faultLine)).toContain(line);
    });
  }
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
