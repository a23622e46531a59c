// The arithmetic of timeouts, and the policies that it refuses.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import {
  backoffMsMax,
  longestMs,
  sequenceBudget,
  sequenceSum,
  triesMsMax,
  triesOverTimeout,
} from "../../../host-tools/src/config/timeout-budget";

describe("the wait between tries", () => {
  it("doubles from 25 ms and stays below 250 ms, as Envoy's source has it", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((retries) => backoffMsMax(retries))).toEqual([
      0,
      24,
      24 + 49,
      24 + 49 + 99,
      24 + 49 + 99 + 199,
      24 + 49 + 99 + 199 + 249,
      24 + 49 + 99 + 199 + 249 + 249,
    ]);
    expect(backoffMsMax(2, 100)).toBe(99 + 199);
  });
});

const plan = fc.record({
  retries: fc.integer({ min: 0, max: 10 }),
  perTryMs: fc.integer({ min: 1, max: 60_000 }),
  backoffBaseMs: fc.integer({ min: 1, max: 1000 }),
});

describe("tries within a timeout", () => {
  it("fit where all of them and the waits do, and nowhere else", () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 600_000 }), (tries, timeoutMs) => {
        const over = triesOverTimeout(tries, timeoutMs);
        expect(over === undefined).toBe(triesMsMax(tries) <= timeoutMs);
      }),
      { seed: 1 },
    );
  });

  it("fit after either advice, and not with a millisecond more", () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 600_000 }), (tries, timeoutMs) => {
        const over = triesOverTimeout(tries, timeoutMs);
        if (over === undefined) return;
        expect(triesOverTimeout(tries, over.neededMs)).toBeUndefined();
        expect(triesOverTimeout(tries, over.neededMs - 1)).toBeDefined();
        if (over.perTryMsMax > 0) {
          const fits = { ...tries, perTryMs: over.perTryMsMax };
          expect(triesOverTimeout(fits, timeoutMs)).toBeUndefined();
          const more = { ...tries, perTryMs: over.perTryMsMax + 1 };
          expect(triesOverTimeout(more, timeoutMs)).toBeDefined();
        }
        if (over.triesFit > 0) {
          const fewer = { ...tries, retries: over.triesFit - 1 };
          expect(triesOverTimeout(fewer, timeoutMs)).toBeUndefined();
        }
        expect(triesOverTimeout({ ...tries, retries: over.triesFit }, timeoutMs)).toBeDefined();
      }),
      { seed: 2 },
    );
  });

  it("are not judged where there is no timeout", () => {
    expect(triesOverTimeout({ retries: 9, perTryMs: 60_000 }, 0)).toBeUndefined();
  });
});

describe("the longest of some timeouts", () => {
  it("is none where one of them is none", () => {
    expect(longestMs([5, 9, 7])).toBe(9);
    expect(longestMs([5, 0])).toBeUndefined();
    expect(longestMs([5, undefined])).toBeUndefined();
    expect(longestMs([])).toBeUndefined();
  });
});

const callMs = fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined });
const steps = fc.array(
  fc.array(fc.record({ name: fc.constant("a"), ms: callMs }), { maxLength: 4 }),
  {
    maxLength: 6,
  },
);

describe("calls one after another", () => {
  it("take the sum of the steps, and within a step the longest call", () => {
    const plan = [
      [{ name: "intent", ms: 50 }],
      [
        { name: "rag", ms: 200 },
        { name: "history", ms: 100 },
        { name: "feed", ms: undefined },
      ],
      [{ name: "llm", ms: 30_000 }],
    ];
    expect(sequenceBudget(plan)).toEqual({ neededMs: 30_250, startsMs: [0, 50, 250] });
    expect(sequenceSum(plan, String)).toBe("intent 50 + max(rag 200, history 100) + llm 30000");
  });

  it("begin in their order, end at the sum, and take no less at once than the longest alone", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { neededMs, startsMs } = sequenceBudget(plan);
        expect(startsMs).toHaveLength(plan.length);
        expect([...startsMs, neededMs]).toEqual([...startsMs, neededMs].sort((a, b) => a - b));
        expect(neededMs).toBe(
          plan
            .map((step) => step.reduce((most, { ms }) => Math.max(most, ms ?? 0), 0))
            .reduce((sum, ms) => sum + ms, 0),
        );
        expect(sequenceBudget([plan.flat()]).neededMs).toBeLessThanOrEqual(neededMs);
      }),
      { seed: 3 },
    );
  });
});

describe("what a route waits for", () => {
  const policy = (timeoutMs: number, waitsFor: string, calls = ""): string =>
    `version: 1\n${calls}services:\n` +
    `  web: { routes: [{ name: w, match: { authority: web }, timeout_ms: ${timeoutMs}, waits_for: ${waitsFor} }] }\n` +
    "  rag: { routes: [{ name: r, match: { authority: rag }, timeout_ms: 200 }] }\n" +
    "  llm: { routes: [{ name: s, match: { authority: llm, path_prefix: /s }, timeout_ms: 90000 },\n" +
    "    { name: l, match: { authority: llm }, timeout_ms: 30000 }] }\n";
  const told = (text: string): string => {
    try {
      compilePolicy(text, "p.yaml");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("is refused where the sum is longer than the route by a millisecond, and taken where it is not", () => {
    expect(told(policy(30_200, "[rag, llm]"))).toBe("");
    expect(told(policy(30_199, "[rag, llm]"))).toContain("rag 200 + llm 30000 = 30200 ms");
    expect(told(policy(30_000, "[[rag, llm]]"))).toBe("");
    expect(told(policy(0, "[rag, llm/s]"))).toBe("");
    expect(told(policy(90_000, "[rag, llm/s]"))).toContain("llm/s would begin with 89800 ms left");
    expect(told(policy(200, "[rag, llm]"))).toContain("llm would begin with 0 ms left");
  });

  it("must be among the service's calls, where those are said", () => {
    const calls = "calls: { web: [llm] }\n";
    expect(told(policy(90_200, "[llm]", calls))).toBe("");
    expect(told(policy(90_200, "[rag]", calls))).toContain("calls does not say that web calls rag");
  });
});

describe("a call graph", () => {
  const policy = (callerMs: string, calledMs: string): string =>
    `version: 1\ncalls: { web: [llm] }\nservices:\n` +
    `  web: { routes: [{ name: w, match: { authority: web }${callerMs} }] }\n` +
    `  llm: { routes: [{ name: l, match: { authority: llm }${calledMs} },` +
    ` { name: m, match: { authority: llm }, timeout_ms: 10 }] }`;
  const refused = (text: string): string | undefined => {
    try {
      compilePolicy(text, "p.yaml");
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("is refused where a caller gives up before the called has to", () => {
    expect(refused(policy(", timeout_ms: 3000", ", timeout_ms: 30000"))).toContain(
      "web gives up after 3000 ms at the latest, llm may take 30000 ms (route l)",
    );
  });

  it.each([
    ["waits as long", ", timeout_ms: 30000", ", timeout_ms: 30000"],
    ["waits for ever", ", timeout_ms: 0", ", timeout_ms: 30000"],
    ["says nothing", "", ", timeout_ms: 30000"],
    ["calls one that says nothing", ", timeout_ms: 3000", ""],
  ])("is taken where the caller %s", (_, caller, called) => {
    expect(refused(policy(caller, called))).toBeUndefined();
  });
});
