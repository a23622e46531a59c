// A tool that is killed at any write, and the one that follows it.

import { describe, expect, it } from "vitest";
import { isOver } from "../../../host-tools/src/rollout/rollout-state";
import { Killed } from "./memory-cluster";
import { counts, MINUTE_MS, samplePlan } from "./sample";
import { stateOf, weightOf, World } from "./world";
describe("a tool that is killed", () => {
  /** Short, so that there are few enough places to be killed at to try them all. */
  const quick = samplePlan({
    steps: samplePlan().steps.map((step) => ({ ...step, waitMs: MINUTE_MS / 3 })),
    intervalMs: MINUTE_MS / 3,
    requestsMin: 10,
  });

  /** Runs until the kill; true where it came to it. */
  async function killedAfter(world: World, writes: number): Promise<boolean> {
    world.cluster.writesLeft = writes;
    try {
      await world.run();
      return false;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return true;
    } finally {
      world.cluster.writesLeft = Infinity;
    }
  }

  it.each([
    ["a healthy canary", 10, "completed", 100],
    ["a bad canary", 200, "rolled_back", 0],
  ])(
    "at any write, before or after it, leaves %s for the next one to finish",
    async (_n, permille, phase, weight) => {
      let kills = 0;
      for (let writes = 0; ; writes += 0.5) {
        const world = new World(quick);
        world.canaryPermille = permille;
        const wasKilled = await killedAfter(world, writes);
        for (const object of world.cluster.history) {
          const state = object.kind === "VirtualService" ? stateOf(object) : undefined;
          if (state !== undefined) expect(weightOf(object)).toBe(state.weight);
        }
        if (!wasKilled) break;
        kills++;
        const state = await world.run();
        expect(isOver(state)).toBe(true);
        expect(state).toMatchObject({ phase, weight });
        expect(world.weight).toBe(weight);
      }
      expect(kills).toBeGreaterThan(permille === 10 ? 50 : 5);
    },
  );

  it("is followed after its lease has stood still, and the counts go on", async () => {
    const world = new World();
    await killedAfter(world, 20);
    const before = world.checked!;
    const diedMinute = world.clock.minute;
    const stop = new AbortController();
    const { sleep } = world.clock;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      if (world.clock.minute > diedMinute + 1) stop.abort();
    };
    const state = await world.run("run", stop.signal);
    expect(world.said).toContain("waiting for tool-1's lease to run out, 15 s");
    expect(state.id).toBe(before.id);
    expect(state.counts.canary.requests).toBeGreaterThanOrEqual(before.counts.canary.requests);
  });

  it("is followed with the step's figures after orders that were given meanwhile", async () => {
    const world = new World();
    await killedAfter(world, 30);
    const before = world.checked!;
    expect(before.counts.canary.requests).toBeGreaterThan(0);
    await world.order("pause");
    await world.order("resume");
    const stop = new AbortController();
    stop.abort();
    const state = await world.run("run", stop.signal);
    expect(state).toMatchObject({ counts: before.counts, tests: before.tests, step: before.step });
    // Nobody watched while the lease ran out.
    expect(state.unwatchedMs).toBeGreaterThanOrEqual(15_000);
  });

  it("leaves figures to whoever aborts the rollout meanwhile", async () => {
    const world = new World();
    await killedAfter(world, 30);
    const { counts: counted } = world.checked!;
    await world.order("abort");
    expect(world.state.done.at(-1)?.counts).toEqual(counted);
    expect((await world.run()).done.at(-1)?.counts).toEqual(counted);
  });
});
