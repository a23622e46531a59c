// How long tries take: by hand for a few, and never more than the policy's own arithmetic allows, so
// that whatever `render` accepts `verify` accepts.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { triesMsMax as policyTriesMsMax } from "../../../host-tools/src/config/timeout-budget";
import { readObjects } from "../../../host-tools/src/verify";
import { readVirtualService, type Retries } from "../../../host-tools/src/verify/mesh/http-route";
import {
  backoffMsMax,
  repeatingConditions,
  triesMsMax,
  triesSum,
} from "../../../host-tools/src/verify/mesh/retry-time";

function retriesOf(text: string): Retries {
  const object = `kind: VirtualService\nspec:\n  hosts: [x]\n  http: [{ retries: { ${text} } }]\n`;
  return readVirtualService(readObjects("a", object, "ai")[0]!).routes[0]!.retries!;
}

describe("the waits between tries", () => {
  it.each([
    ["attempts: 0", 0],
    ["attempts: 1", 25],
    ["attempts: 3", 25 + 50 + 100],
    ["attempts: 6", 25 + 50 + 100 + 200 + 250 + 250],
    ["attempts: 2, backoff: 1s", 3000],
  ])("double up to ten times the base: %s", (text, ms) => {
    expect(backoffMsMax(retriesOf(text))).toBe(ms);
  });

  it("add to the tries, each a millisecond below its bound", () => {
    const retries = retriesOf("attempts: 2, perTryTimeout: 20s");
    expect(triesMsMax(retries)).toBe(3 * 20_000 + 24 + 49);
    expect(triesSum(retries, 20_000)).toBe("3 tries x 20 s + back-off up to 0.075 s = 60.075 s");
    expect(triesMsMax(retriesOf("attempts: 2"))).toBeUndefined();
  });

  it("are never longer than the policy reckons with", () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 5000 }),
      (attempts, perTryMs, backoffMs) => {
        const retries: Retries = { ...retriesOf("attempts: 0"), attempts, perTryMs, backoffMs };
        const plan = { retries: attempts, perTryMs, backoffBaseMs: backoffMs };
        expect(triesMsMax(retries)).toBeLessThanOrEqual(policyTriesMsMax(plan));
      },
    );
    fc.assert(property, { seed: 9 });
  });
});

describe("conditions of a retry", () => {
  it("repeat what may have been executed, or are left out", () => {
    const on = (text: string): string[] =>
      repeatingConditions(retriesOf(`attempts: 2, retryOn: "${text}"`));
    expect(on("connect-failure, refused-stream,reset-before-request")).toEqual([]);
    expect(on("5xx,connect-failure,reset")).toEqual(["5xx", "reset"]);
    expect(repeatingConditions(retriesOf('attempts: 0, retryOn: "5xx"'))).toEqual([]);
  });
});
