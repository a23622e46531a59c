import { describe, expect, it } from "vitest";
import type { RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { firstState } from "../../../host-tools/src/rollout/rollout-state";
import { decodeState, encodeState } from "../../../host-tools/src/rollout/state-codec";
import { advance } from "../../../host-tools/src/rollout/state-machine";
import { block, checkAt, counts, samplePlan, START_MS } from "./sample";

function someState(minutes = 12): RolloutState {
  const plan = samplePlan();
  let state = firstState(plan, "r1", START_MS);
  for (let minute = 1; minute <= minutes; minute++) {
    const seen = minute % 4 === 0 ? undefined : block(counts(500, 5), counts(9500, 95));
    state = advance(plan, state, checkAt(minute, seen));
  }
  return state;
}

describe("a written state", () => {
  it("reads back as it was, but for evidence rounded down", () => {
    const state = someState();
    const read = decodeState(encodeState(state), "somewhere");
    expect({ ...read, tests: undefined }).toEqual({ ...state, tests: undefined });
    const [before, after] = [state, read].map((one) => one.tests.comparison.bets[0]?.logs[0] ?? 0);
    expect(after).toBeLessThanOrEqual(before as number);
    expect(after).toBeCloseTo(before as number, 3);
  });

  it("goes on as the original does", () => {
    const plan = samplePlan();
    const next = checkAt(13, block(counts(500, 5), counts(9500, 95)));
    const read = decodeState(encodeState(someState()), "somewhere");
    const [original, continued] = [someState(), read].map((one) => advance(plan, one, next));
    expect({ ...continued, tests: 0 }).toEqual({ ...original, tests: 0 });
  });

  it("of a rollout of many steps stays far below what an annotation may have", () => {
    expect(encodeState(someState(60)).length).toBeLessThan(8000);
  });

  it.each([
    ["not json", "it is no JSON"],
    ["[]", "it is no object"],
    ['{"format":2}', "format is 2, not 1"],
  ])("is refused as %s", (text, why) => {
    expect(() => decodeState(text, "VirtualService ai/llm")).toThrow(
      `VirtualService ai/llm has no readable rollout: ${why}`,
    );
  });

  it.each([
    ["weight", 101],
    ["weight", "5"],
    ["phase", "done"],
    ["id", "../x"],
    ["step", -1],
    ["counts", { stable: { requests: 1, errors: 2 }, canary: { requests: 0, errors: 0 } }],
    ["done", [{}]],
    ["tests", {}],
    ["reason", 1],
  ])("is refused for a %s of %j", (key, value) => {
    const text = JSON.stringify({ ...JSON.parse(encodeState(someState())), [key]: value });
    expect(() => decodeState(text, "x")).toThrow(`x has no readable rollout: ${key} is`);
  });
});
