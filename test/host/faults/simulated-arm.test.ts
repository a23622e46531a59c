import { describe, expect, it } from "vitest";
import { SimulatedArm } from "../../../host-tools/src/faults/simulated-arm";
import { EventQueue } from "../../../host-tools/src/lib/event-queue";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { Fault } from "../../../host-tools/src/rig/upstream/fault-schedule";

const LLM = { kind: "llm", ttftMs: 50, perTokenMs: 5 } as const;

interface Answer {
  status: number;
  firstMs: number;
  lastMs: number;
}

/** Sends requests of eleven tokens at these times; what became of each. */
function answersOf(
  atMs: readonly number[],
  {
    faults = [],
    slots = 100,
    isStream = true,
  }: {
    faults?: readonly Fault[];
    slots?: number;
    isStream?: boolean;
  } = {},
): Answer[] {
  const queue = new EventQueue();
  const arm = new SimulatedArm({ name: "a", law: LLM, slots }, undefined, faults, 1, queue);
  const answers = atMs.map((): Answer => ({ status: 0, firstMs: NaN, lastMs: NaN }));
  let nowMs = 0;
  const run = (untilMs: number): void => {
    while (queue.nextMs <= untilMs && queue.nextMs < Infinity) {
      nowMs = queue.nextMs;
      queue.runNext();
    }
  };
  atMs.forEach((at, id) => {
    run(at);
    nowMs = at;
    const answer = answers[id]!;
    arm.take(
      {
        id,
        tokens: { prompt: 0, output: 11 },
        isStream,
        onFirstByte: (status) => Object.assign(answer, { status, firstMs: nowMs - at }),
        onLastByte: () => (answer.lastMs = nowMs - at),
      },
      at,
    );
  });
  run(Number.MAX_VALUE);
  return answers;
}

describe("a simulated arm", () => {
  it("sends the first byte after the first token and the last after all of them", () => {
    expect(answersOf([0])).toEqual([{ status: 200, firstMs: 50, lastMs: 100 }]);
  });

  it("sends everything at the end where nobody asked for a stream", () => {
    expect(answersOf([0], { isStream: false })).toEqual([
      { status: 200, firstMs: 100, lastMs: 100 },
    ]);
  });

  it("is slow as a whole, or from the second token on", () => {
    const always = { atMs: 0, untilMs: 1e9 };
    const slow = answersOf([0], { faults: [{ ...always, latencyFactor: 3 }] });
    expect(slow).toEqual([{ status: 200, firstMs: 150, lastMs: 300 }]);
    const trickling = answersOf([0], { faults: [{ ...always, tokenFactor: 4 }] });
    expect(trickling).toEqual([{ status: 200, firstMs: 50, lastMs: 250 }]);
  });

  it("fails fast, and without tokens", () => {
    const faults = [{ atMs: 0, untilMs: 1e9, errorPermille: 1000, failFastMs: 2 }];
    expect(answersOf([0], { faults })).toEqual([{ status: 503, firstMs: 2, lastMs: 2 }]);
  });

  it("lets those wait that have no slot", () => {
    const whole = answersOf([0, 10, 20], { slots: 1 }).map(({ lastMs }) => lastMs);
    expect(whole).toEqual([100, 190, 280]);
  });

  it("has the faults in force at each moment, in the order of the schedule", () => {
    const random = seededPrng(3);
    const faults: Fault[] = Array.from({ length: 60 }, () => {
      const atMs = random.below(50_000);
      return {
        atMs,
        untilMs: atMs + random.below(8000),
        latencyFactor: 1 + random.below(4),
        errorPermille: random.below(2) * 1000,
      };
    });
    const times = Array.from({ length: 300 }, (_, i) => i * 200);
    const answers = answersOf(times, { faults });
    times.forEach((at, i) => {
      const active = faults.filter((one) => at >= one.atMs && at < one.untilMs);
      const factor = active.reduce((product, one) => product * one.latencyFactor!, 1);
      expect(answers[i]!.firstMs).toBeCloseTo(50 * factor, 6);
      const status = (active.at(-1)?.errorPermille ?? 0) > 0 ? 503 : 200;
      expect(answers[i]!.status).toBe(status);
    });
  });
});
