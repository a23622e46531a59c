// One description, several uses: whatever is made by the description is read by the reader and
// accepted by the JSON Schema, and whatever is out of its bounds is refused by both.

import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { policyJsonSchema } from "../../../host-tools/src/config/policy-json-schema";
import { PolicySource } from "../../../host-tools/src/config/policy-node";
import { policyShape } from "../../../host-tools/src/config/policy-schema";
import { readShape } from "../../../host-tools/src/config/shape/read-shape";
import type { AnyShape } from "../../../host-tools/src/config/shape/shape";
import { shapeEntries } from "../../../host-tools/src/config/shape/shape-paths";
import { fittingValue, withoutRules, wrongValue } from "./shape-values";

const validate = new Ajv2020({ strict: false, allErrors: false }).compile(policyJsonSchema());

function faultsOf(value: unknown): string[] {
  const source = new PolicySource(stringify(value, { version: "1.2" }));
  readShape(withoutRules(policyShape), source.root());
  return source.faults.map(({ path, message }) => `${path}: ${message}`);
}

describe("the description of the policy file", () => {
  it("makes policies that reader and schema accept", () => {
    fc.assert(
      fc.property(fittingValue(policyShape), (policy) => {
        expect(faultsOf(policy)).toEqual([]);
        expect(validate(policy), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it("makes policies with one wrong member that both refuse", () => {
    fc.assert(
      fc.property(wrongValue(policyShape), (policy) => {
        expect(faultsOf(policy), stringify(policy)).not.toEqual([]);
        expect(validate(policy), stringify(policy)).toBe(false);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  const entries = shapeEntries(policyShape);
  it("says one sentence of every member", () => {
    const bad = entries.filter(({ shape }) => !/^\S.*\.$/.test(shape.help));
    expect(bad.map(({ path, shape }) => `${path}: ${shape.help}`)).toEqual([]);
  });

  it("ends the name of every number of a unit in that unit", () => {
    const unitOf = ({ unit }: AnyShape): string => (unit === "%" ? "percent" : (unit ?? ""));
    const bad = entries
      .filter(({ shape }) => ["ms", "%", "s"].includes(shape.unit ?? ""))
      .filter(({ path, shape }) => !/\]$/.test(path) && !path.endsWith("*") && !ends(path, shape));
    function ends(path: string, shape: AnyShape): boolean {
      return new RegExp(`_${unitOf(shape)}(_max|_min)?$|\\.percent$`).test(path);
    }
    expect(bad.map(({ path }) => path)).toEqual([]);
  });

  it("gives every default a value that would be accepted if written", () => {
    const defaults = entries.filter(({ shape }) => shape.default !== undefined);
    expect(defaults.length).toBeGreaterThan(3);
    for (const { path, shape } of defaults) {
      const source = new PolicySource(stringify(shape.default, { version: "1.2" }));
      readShape(shape, source.root());
      expect([path, source.faults]).toEqual([path, []]);
    }
  });
});
