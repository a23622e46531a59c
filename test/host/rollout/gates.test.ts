// What webhooks do to a rollout under way: gates hold, failed checks count, and nothing of it keeps a bad
// canary in traffic.

import { describe, expect, it } from "vitest";
import type { HookAnswers, RolloutHooks } from "../../../host-tools/src/rollout/webhooks";
import type { RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { MINUTE_MS, samplePlan } from "./sample";
import { weightsMet, World } from "./world";

const PREPARED = samplePlan({
  steps: [{ kind: "prepare", weight: 0, waitMs: 0 }, ...samplePlan().steps],
});

class FakeHooks implements RolloutHooks {
  readonly told: string[] = [];
  ended: RolloutState | undefined;
  asked = 0;
  stop: AbortSignal | undefined;

  constructor(
    private readonly answer: (
      state: RolloutState,
      asked: number,
    ) => HookAnswers | Promise<HookAnswers> | "hang",
  ) {}

  async ask(state: RolloutState, _atMs: number, stop: AbortSignal): Promise<HookAnswers> {
    this.stop = stop;
    const answer = this.answer(state, ++this.asked);
    return answer === "hang" ? new Promise(() => undefined) : answer;
  }

  tell(_state: RolloutState, message: string): void {
    this.told.push(message);
  }

  async end(state: RolloutState): Promise<void> {
    this.ended = state;
  }
}

function worldWith(answer: ConstructorParameters<typeof FakeHooks>[0], plan = samplePlan()) {
  const world = new World(plan);
  const hooks = new FakeHooks(answer);
  world.hooks = hooks;
  return { world, hooks };
}

/** Ends what would go on for ever. */
function abortAfter({ clock }: World, minutes: number): AbortSignal {
  const stop = new AbortController();
  const { sleep } = clock;
  clock.sleep = async (ms) => {
    await sleep.call(clock, ms);
    if (clock.minute > minutes) stop.abort();
  };
  return stop.signal;
}

describe("a rollout with webhooks", () => {
  it("goes on as without where they agree, and tells them the end", async () => {
    const { world, hooks } = worldWith(() => ({}));
    expect((await world.run("start")).phase).toBe("completed");
    expect(weightsMet(world)).toEqual([0, 5, 20, 50, 80, 100]);
    expect(hooks.ended?.phase).toBe("completed");
    expect(hooks.told.at(-1)).toContain("completed at weight 100");
  });

  it("gives the canary nothing, testers included, until it is let in", async () => {
    const { world } = worldWith((state, asked) => {
      return state.step === 0 && asked < 30 ? { closed: "confirm-rollout gate: status 403" } : {};
    }, PREPARED);
    expect((await world.run("start")).phase).toBe("completed");
    expect(world.clock.minute).toBeGreaterThan(29 + 25);
    expect(world.said.join("\n")).toContain("waiting: confirm-rollout gate: status 403");
  });

  it("ends before it begins where a check before it fails too often", async () => {
    const { world } = worldWith(() => ({ failed: "pre-rollout smoke: status 500" }), PREPARED);
    expect(await world.run("start")).toMatchObject({
      phase: "rolled_back",
      decidedBy: "webhook",
      reason: "failed check 3 of 3: pre-rollout smoke: status 500",
    });
    expect(weightsMet(world)).toEqual([0]);
  });

  it("stays at its weight while a gate is closed", async () => {
    const { world } = worldWith((state) =>
      state.weight === 20 && world.clock.minute < 60 ? { closed: "confirm gate: status 403" } : {},
    );
    expect((await world.run("start")).phase).toBe("completed");
    expect(world.state.done[1]?.endedMs).toBeGreaterThan(world.state.startedMs + 55 * MINUTE_MS);
  });

  it("goes back after as many failed checks as may fail, and at once when asked to", async () => {
    const failing = worldWith((state) => (state.weight === 20 ? { failed: "rollout load" } : {}));
    expect(await failing.world.run("start")).toMatchObject({
      phase: "rolled_back",
      decidedBy: "webhook",
      reason: "failed check 3 of 3: rollout load",
    });
    const asked = worldWith((state) => (state.weight === 50 ? { rollback: "rollback desk" } : {}));
    expect(await asked.world.run("start")).toMatchObject({ decidedBy: "webhook", weight: 0 });
    expect(weightsMet(asked.world)).toEqual([0, 5, 20, 50, 0]);
  });

  it("takes a bad canary back while a webhook hangs, and waits for it no longer", async () => {
    const { world, hooks } = worldWith(() => "hang");
    world.canaryPermille = 200;
    expect(await world.run("start")).toMatchObject({
      phase: "rolled_back",
      decidedBy: "comparison",
    });
    expect(world.clock.minute).toBeLessThan(3);
    expect(hooks.stop?.aborted).toBe(true);
  });

  it("counts failed checks while a webhook hangs", async () => {
    const latency = { msMax: 100, quantile: 0.99 };
    const { world } = worldWith(() => "hang", samplePlan({ latency }));
    world.latencyMs = 200;
    const state = await world.run("start", abortAfter(world, 20));
    expect(state).toMatchObject({
      phase: "rolled_back",
      decidedBy: "latency",
      reason: "failed check 3 of 3: p99 200 ms > 100 ms",
    });
    expect(world.clock.minute).toBeLessThan(7);
  });

  it("gives a step its whole time after a webhook that took long to agree", async () => {
    let agree: (answers: HookAnswers) => void = () => undefined;
    const { world } = worldWith(({ weight }) => {
      const isSlow = weight === 5 && world.clock.minute >= 5 && world.clock.minute < 9;
      return isSlow ? new Promise((resolve) => (agree = resolve)) : {};
    });
    const { sleep } = world.clock;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      if (world.clock.minute >= 9) agree({});
    };
    const { done, startedMs } = await world.run("start");
    const [, second] = done;
    expect(second?.startedMs).toBeGreaterThanOrEqual(startedMs + 9 * MINUTE_MS);
    expect(second?.startedMs).toBe(done[0]?.endedMs);
    expect(second!.endedMs - second!.startedMs).toBeGreaterThanOrEqual(5 * MINUTE_MS);
  });

  it("does not go on while a webhook hangs, and counts meanwhile", async () => {
    const { world } = worldWith(() => "hang");
    const state = await world.run("start", abortAfter(world, 20));
    expect(state).toMatchObject({ phase: "progressing", weight: 5 });
    expect(state.counts.canary.requests).toBeGreaterThan(1000);
  });
});
