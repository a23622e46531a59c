import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SimulatedUpstream } from "../../../host-tools/src/demo/simulated-upstream";
import { EventQueue } from "../../../host-tools/src/lib/event-queue";

const TOKENS = { prompt: 0, output: 10 };
const LAW = { kind: "llm", ttftMs: 50, perTokenMs: 5 } as const;

function upstream(queue: EventQueue, slots: number, latencyFactor = 1): SimulatedUpstream {
  const faults = [{ atMs: 0, untilMs: 1e9, latencyFactor }];
  return new SimulatedUpstream({ name: "a", law: LAW, slots, faults }, 1, queue);
}

function runAll(queue: EventQueue): void {
  while (queue.nextMs < Infinity) queue.runNext();
}

describe("a simulated upstream", () => {
  it("answers after the law's time, ten times later when it is ten times slower", () => {
    for (const factor of [1, 10]) {
      const queue = new EventQueue();
      const answers: number[] = [];
      upstream(queue, 1, factor).take(0, TOKENS, 0, (atMs) => answers.push(atMs));
      runAll(queue);
      expect(answers).toEqual([100 * factor]);
    }
  });

  it("serves as many at once as it has slots, in order", () => {
    const queue = new EventQueue();
    const answers: number[] = [];
    const server = upstream(queue, 2);
    for (let i = 0; i < 4; i++) server.take(i, TOKENS, 0, (atMs) => answers.push(atMs));
    expect(server.inHand).toBe(4);
    runAll(queue);
    expect(answers).toEqual([100, 100, 200, 200]);
    expect(server.inHand).toBe(0);
  });

  it("gives the place of a client that went away to the next one", () => {
    const queue = new EventQueue();
    const answers: string[] = [];
    const server = upstream(queue, 1);
    const note = (name: string) => (atMs: number) => void answers.push(`${name} ${atMs}`);
    const served = server.take(0, TOKENS, 0, note("served"));
    const waiting = server.take(1, TOKENS, 0, note("waiting"));
    server.take(2, TOKENS, 0, note("last"));
    server.abandon(waiting, 10);
    server.abandon(served, 20);
    runAll(queue);
    expect(answers).toEqual(["last 120"]);
  });
});

describe("the event queue", () => {
  it("runs events in order of time, equal ones in order of arrival, cancelled ones not at all", () => {
    const events = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 20 }), off: fc.boolean() }),
    );
    fc.assert(
      fc.property(events, (planned) => {
        const queue = new EventQueue();
        const ran: number[] = [];
        const entries = planned.map(({ atMs }, i) => queue.at(atMs, () => ran.push(i)));
        planned.forEach(({ off }, i) => (entries[i]!.cancelled = off));
        runAll(queue);
        const expected = planned
          .map(({ atMs, off }, i) => ({ atMs, off, i }))
          .filter((one) => !one.off)
          .sort((a, b) => a.atMs - b.atMs || a.i - b.i)
          .map((one) => one.i);
        expect(ran).toEqual(expected);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
