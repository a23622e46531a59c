// Laws of the objects of traffic: whatever the policy's description lets pass renders to what
// Istio's definitions take, in every supported version that does not refuse it, and reads back from
// its YAML as it was.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { crdFaults } from "./crd-schema";
import { laterFields } from "./field-paths";
import { trafficObjects, trafficPolicies } from "./random-traffic";

const MINORS = [24, 25, 26, 27, 28, 29, 30, 31];
const RUNS = 200;

describe("objects of traffic of any policy", () => {
  it("are what Istio's definitions take, or the policy is refused", () => {
    let taken = 0;
    fc.assert(
      fc.property(trafficPolicies, (made) => {
        const objects = trafficObjects(made, 31);
        if (objects === undefined) return;
        taken++;
        for (const object of objects) expect(crdFaults(object), yamlText(object)).toEqual([]);
      }),
      { numRuns: RUNS, seed: 1 },
    );
    expect(taken).toBeGreaterThan(RUNS / 10);
  });

  it("hold no field that the mesh's version does not know", () => {
    let taken = 0;
    fc.assert(
      fc.property(trafficPolicies, fc.constantFrom(...MINORS), (made, minor) => {
        const objects = trafficObjects(made, minor);
        if (objects === undefined) return;
        taken++;
        expect(objects.flatMap((object) => laterFields(object, minor))).toEqual([]);
      }),
      { numRuns: RUNS, seed: 2 },
    );
    expect(taken).toBeGreaterThan(RUNS / 10);
  });

  it("read back from their YAML, by the rules of 1.1 and of 1.2, as they were", () => {
    fc.assert(
      fc.property(trafficPolicies, (made) => {
        for (const object of trafficObjects(made, 31) ?? []) {
          const text = yamlText(object);
          const plain: unknown = JSON.parse(JSON.stringify(object));
          expect(parse(text, { version: "1.1" })).toEqual(plain);
          expect(parse(text, { version: "1.2" })).toEqual(plain);
        }
      }),
      { numRuns: RUNS, seed: 3 },
    );
  });
});
