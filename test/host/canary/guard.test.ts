// From what a policy says of a canary to the numbers of the filter's guard, and what those promise,
// computed exactly: the chance of every path of the sequential test.

import { describe, expect, it } from "vitest";
import { guardSteps, type GuardSteps } from "../../../host-tools/src/canary/guard-steps";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import {
  CANARY_ERROR_STEP_Q16,
  CANARY_FLOOR_Q16,
  CANARY_SUCCESS_STEP_Q16,
  CANARY_THRESHOLD_Q16,
} from "../../../host-tools/src/contract";

const DEFAULT = guardSteps({ healthy: 0.01, bad: 0.1, falseKill: 0.001 });
/** Width of the lattice on which chances are kept; far finer than a step. */
const CELL_Q16 = 512;

/** Chance that a canary with this share of errors is killed within so many answers. */
function killChance(steps: GuardSteps, share: number, answers: number, requestsMin = 10): number {
  const cells = (q16: number) => Math.round(q16 / CELL_Q16);
  const [up, down] = [cells(steps.errorStepQ16), cells(steps.successStepQ16)];
  const floor = cells(steps.floorQ16);
  const bad = floor + cells(steps.thresholdQ16);
  let chances = new Float64Array(bad + 20 * up);
  chances[floor] = 1;
  let killed = 0;
  for (let answer = 1; answer <= answers; answer++) {
    const next = new Float64Array(chances.length);
    chances.forEach((chance, at) => {
      if (chance === 0) return;
      next[Math.min(at + up, next.length - 1)]! += chance * share;
      next[Math.max(at - down, 0)]! += chance * (1 - share);
    });
    if (answer >= requestsMin) {
      for (let at = bad; at < next.length; at++) {
        killed += next[at]!;
        next[at] = 0;
      }
    }
    chances = next;
  }
  return killed;
}

describe("the default guard", () => {
  it("is what the filter takes where a configuration says nothing", () => {
    expect(DEFAULT).toEqual({
      errorStepQ16: CANARY_ERROR_STEP_Q16,
      successStepQ16: CANARY_SUCCESS_STEP_Q16,
      thresholdQ16: CANARY_THRESHOLD_Q16,
      floorQ16: CANARY_FLOOR_Q16,
    });
  });

  it("finds 20 % errors within 60 answers with a chance of at least 99 %", () => {
    expect(killChance(DEFAULT, 0.2, 60)).toBeGreaterThan(0.99);
  });

  it("kills a canary that is as healthy as can be with a chance of at most 0.1 %", () => {
    expect(killChance(DEFAULT, 0.01, 10_000)).toBeLessThan(0.001);
    expect(killChance(DEFAULT, 0.005, 10_000)).toBeLessThan(0.0001);
  });
});

describe("finding 20 % errors in 60 answers", () => {
  /** Chance of at least so many errors in 60 answers. */
  const atLeast = (errors: number, share: number): number => {
    let chance = (1 - share) ** 60;
    let below = errors > 0 ? chance : 0;
    for (let k = 1; k < errors; k++) {
      chance *= ((61 - k) / k) * (share / (1 - share));
      below += chance;
    }
    return 1 - below;
  };

  // Neyman and Pearson: for a given chance of finding 20 % the rule "so many errors in 60" kills 4.9 % least.
  it("in 99 of 100 cases kills a canary with 4.9 % in one of 14, whatever the test", () => {
    expect(atLeast(6, 0.2)).toBeLessThan(0.99);
    expect(atLeast(5, 0.2)).toBeGreaterThan(0.99);
    expect(atLeast(6, 0.049)).toBeGreaterThan(0.07);
    expect(atLeast(5, 0.049)).toBeGreaterThan(0.17);
  });

  it("succeeds in at most 94 of 100 cases where 4.9 % may be killed in one of 100", () => {
    expect(atLeast(7, 0.049)).toBeGreaterThan(0.01);
    expect(atLeast(8, 0.049)).toBeLessThan(0.01);
    expect(atLeast(8, 0.2)).toBeLessThan(0.94);
  });

  it("is done in 80 of 100 cases by the limit alone, killing 4.9 % in one of 200 over 10,000", () => {
    const steps = guardSteps({ healthy: 0.05, bad: 0.2, falseKill: 0.005 });
    expect(killChance(steps, 0.2, 60)).toBeGreaterThan(0.8);
    expect(killChance(steps, 0.2, 100)).toBeGreaterThan(0.95);
    expect(killChance(steps, 0.049, 10_000)).toBeLessThan(0.005);
  });
});

describe("guard steps", () => {
  it.each([
    [0.01, 0.1, 0.001],
    [0.02, 0.05, 0.01],
    [0.1, 0.5, 0.05],
  ])("for %d against %d keep the false kills under %d", (healthy, bad, falseKill) => {
    const steps = guardSteps({ healthy, bad, falseKill });
    expect(killChance(steps, healthy, 5000)).toBeLessThan(falseKill);
    expect(killChance(steps, bad, 1500)).toBeGreaterThan(0.99);
  });
});

const policyText = (guard: string) => `version: 1
services:
  llm:
    host: llm.ai.svc.cluster.local
    port: 8080
    arms:
      v1: { default: true }
      v2: { labels: { version: "2.1" } }
    rollout: { stable: v1, canary: v2${guard} }
    routes:
      - { name: chat, match: { authority: llm }, arms: [v1] }
`;
/** As the configuration has them. */
const fieldsOf = (steps: GuardSteps) => ({
  error_step_q16: steps.errorStepQ16,
  success_step_q16: steps.successStepQ16,
  threshold_q16: steps.thresholdQ16,
  floor_q16: steps.floorQ16,
});
const guardOf = (guard: string, text = policyText(guard)) =>
  compilePolicy(text, "ganglion.yaml").config.routes?.[0]?.canary;

describe("a policy with a rollout", () => {
  it("gives its routes the guard, with Istio's name of the canary's cluster", () => {
    expect(guardOf("")).toEqual({
      id: expect.stringMatching(/^v2-[0-9a-f]{8}$/) as unknown,
      stable: "v1",
      cluster: "outbound|8080|v2|llm.ai.svc.cluster.local",
      ...fieldsOf(guardSteps({ healthy: 0.05, bad: 0.2, falseKill: 0.005 })),
      requests_min: 10,
      odds: 12,
    });
  });

  it("lets pass what the rollout's limit lets pass, and takes off what is far above it", () => {
    const limited = (limit: number) =>
      guardOf("", policyText(`, analysis: { error_percent_max: ${limit} }`));
    expect(limited(1)).toMatchObject(
      fieldsOf(guardSteps({ healthy: 0.01, bad: 0.04, falseKill: 0.005 })),
    );
    expect(limited(60)).toMatchObject(
      fieldsOf(guardSteps({ healthy: 0.5, bad: 0.99, falseKill: 0.005 })),
    );
    const steps = guardSteps({ healthy: 0.05, bad: 0.2, falseKill: 0.005 });
    expect(killChance(steps, 0.049, 10_000)).toBeLessThan(0.005);
    expect(killChance(steps, 0.5, 30)).toBeGreaterThan(0.99);
    expect(killChance(steps, 1, 10)).toBe(1);
  });

  it("takes the shares that it says", () => {
    const shares = "healthy_error_percent: 1, bad_error_percent: 10, false_kill_permille: 1";
    const said = `, guard: { ${shares} }`;
    expect(guardOf(said)).toMatchObject(fieldsOf(DEFAULT));
  });

  it("names another canary when its pods are others, or when the policy says so", () => {
    const other = policyText("").replace('"2.1"', '"2.2"');
    expect(guardOf("", other)?.id).not.toBe(guardOf("")?.id);
    expect(guardOf(", guard: { revision: second-try }")?.id).toBe("second-try");
  });

  it("compares with the stable arm where the rollout does, and as it does", () => {
    const analysis = (said: string) => guardOf("", policyText(`, analysis: { ${said} }`))?.odds;
    expect(analysis("baseline: ignore")).toBeUndefined();
    expect(analysis("tolerance_percent: 1")).toBeUndefined();
    expect(analysis("interval_s: 5")).toBe(12);
    expect(guardOf(", guard: { odds_over_stable: 40 }")?.odds).toBe(40);
  });

  it("gives none where the guard is off, and any port where the service names none", () => {
    expect(guardOf(", guard: { mode: off }")).toBeUndefined();
    const portless = policyText("").replace("    port: 8080\n", "");
    expect(guardOf("", portless)?.cluster).toBe("outbound|*|v2|llm.ai.svc.cluster.local");
    expect(guardOf(", guard: { mode: shadow }")?.mode).toBe("shadow");
  });

  it("is refused where a bad canary is no worse than a healthy one", () => {
    const guard = ", guard: { healthy_error_percent: 10, bad_error_percent: 10 }";
    expect(() => guardOf(guard)).toThrow(/bad_error_percent.*must be above healthy_error_percent/s);
  });
});
