import { describe, expect, it } from "vitest";
import { deviations, runWitness } from "../../../host-tools/src/verify/witness/run-witness";
import { SIDES } from "../../../host-tools/src/verify/witness/witness";
import { WITNESSES } from "../../../host-tools/src/verify/witness/witnesses";
import { envoyOrSkip } from "../rig/envoy-or-skip";

describe("a witness on a real Envoy", () => {
  it.for(WITNESSES)("shows $rule failing, and its fix", async (witness, context) => {
    const counters = await runWitness(witness, await envoyOrSkip(context));
    if (process.env.WITNESS_LOG) console.log(witness.rule, JSON.stringify(counters));
    expect(deviations(witness, counters)).toEqual([]);
    for (const side of SIDES) {
      expect(Object.keys(counters[side]).sort()).toEqual(Object.keys(witness.expect).sort());
    }
  });
});
