import { describe, expect, it } from "vitest";
import type { ClusterObject } from "../../../host-tools/src/cluster";
import { runRollout } from "../../../host-tools/src/rollout/controller";
import { RolloutLease } from "../../../host-tools/src/rollout/rollout-lease";
import { type Order } from "../../../host-tools/src/rollout/state-machine";
import { samplePlan } from "./sample";
import { KILL, VIRTUAL_SERVICE, weightsMet, World } from "./world";
describe("a controller", () => {
  it("takes a healthy canary through its steps, with one write for each", async () => {
    const world = new World();
    expect((await world.run("start")).phase).toBe("completed");
    expect(weightsMet(world)).toEqual([0, 5, 20, 50, 80, 100]);
    const writes = world.cluster.history.filter(({ kind }) => kind === "VirtualService");
    // The object as it was, five steps, and the end.
    expect(writes).toHaveLength(7);
    expect(world.clock.minute).toBeGreaterThanOrEqual(25);
  });

  it("rolls a bad canary back in one write", async () => {
    const world = new World();
    world.canaryPermille = 200;
    const state = await world.run();
    expect(state).toMatchObject({ phase: "rolled_back", weight: 0, decidedBy: "comparison" });
    expect(weightsMet(world)).toEqual([0, 5, 0]);
  });

  it("rolls back at the next look when a proxy's guard has fired, not at the next check", async () => {
    const world = new World();
    const { sleep } = world.clock;
    let firedMs = 0;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      if (world.clock.minute > 2 && firedMs === 0) {
        firedMs = world.clock.nowMs();
        world.killed = [KILL];
      }
    };
    const state = await world.run();
    expect(state).toMatchObject({ phase: "rolled_back", decidedBy: "guard" });
    expect(world.clock.nowMs() - firedMs).toBeLessThanOrEqual(5000);
  });

  it("does not begin with a canary that a guard has taken out already", async () => {
    const world = new World();
    world.killed = [KILL];
    await expect(world.run()).rejects.toMatchObject({ code: "E_ROLLOUT_KILLED" });
    expect(world.weight).toBe(0);
  });

  it("does not begin again what has completed, nor go on with what is of other arms", async () => {
    const world = new World();
    await world.run("start");
    await expect(world.run("start")).rejects.toMatchObject({ code: "E_ROLLOUT_COMPLETED" });
    expect(await world.run("run")).toMatchObject({ id: "r1", phase: "completed" });
    expect(world.weight).toBe(100);
    const first = new World();
    const stop = new AbortController();
    stop.abort();
    await first.run("run", stop.signal);
    const plan = samplePlan({ canary: { name: "mini", subset: "v2", labels: {} } });
    const lease = new RolloutLease(first.cluster.asCluster(), plan, "tool-9", first.clock);
    const { clock, store } = first;
    const parts = { plan, store, lease, source: first, clock, say: () => undefined };
    await expect(runRollout(parts, "r9", "run")).rejects.toMatchObject({
      code: "E_ROLLOUT_ARMS",
      message: expect.stringContaining("from gpt-4o to gpt-4o-next, at weight 5"),
    });
  });

  it("is refused where a GitOps controller would put the weights back, unless that is wanted", async () => {
    const world = new World();
    const labels = { "kustomize.toolkit.fluxcd.io/name": "apps" };
    world.cluster.put({
      ...VIRTUAL_SERVICE,
      metadata: { ...VIRTUAL_SERVICE.metadata, labels },
    });
    await expect(world.run("start")).rejects.toMatchObject({
      code: "E_ROLLOUT_GITOPS",
      message:
        "VirtualService ai/llm-service belongs to Flux (label kustomize.toolkit.fluxcd.io/name), " +
        "which puts its own weights back within minutes",
    });
    expect(weightsMet(world)).toEqual([0]);
    world.isPastOwner = true;
    expect((await world.run("start")).phase).toBe("completed");
  });

  it("says what a Helm upgrade would do, and begins", async () => {
    const world = new World();
    const annotations = { "meta.helm.sh/release-name": "assistant" };
    world.cluster.put({
      ...VIRTUAL_SERVICE,
      metadata: { ...VIRTUAL_SERVICE.metadata, annotations },
    });
    expect((await world.run("start")).phase).toBe("completed");
    expect(world.said.join("\n")).toContain("is of Helm release assistant: an upgrade during");
  });

  it("ends without a verdict, and without the canary, where no data comes", async () => {
    const world = new World();
    world.isSilent = true;
    expect(await world.run()).toMatchObject({ phase: "inconclusive", weight: 0 });
    expect(weightsMet(world)).toEqual([0, 5, 0]);
  });

  it("takes orders from others while it runs", async () => {
    const world = new World();
    const { sleep } = world.clock;
    const orders: [minute: number, order: Order][] = [
      [2, "pause"],
      [30, "resume"],
      [33, "abort"],
    ];
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      const [next] = orders;
      if (next !== undefined && world.clock.minute >= next[0]) {
        orders.shift();
        await world.order(next[1]);
      }
    };
    const state = await world.run();
    expect(state).toMatchObject({ phase: "rolled_back", decidedBy: "operator" });
    expect(orders).toEqual([]);
    expect(world.clock.minute).toBeLessThan(35);
    expect(weightsMet(world)).toEqual([0, 5, 20, 0]);
  });

  it("stops where somebody else has set the weights, and leaves theirs", async () => {
    const world = new World();
    const { sleep } = world.clock;
    let done = false;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      if (done) return void (world.clock.minute > 20 && (await world.order("abort")));
      if (world.clock.minute < 2) return;
      done = true;
      const { spec } = VIRTUAL_SERVICE;
      world.cluster.put({ ...world.object, spec });
    };
    await world.run();
    expect(world.said).toContain(
      "paused at weight 5: somebody else has set the weights to 0 %, not 5 %",
    );
    expect(weightsMet(world)).toEqual([0, 5, 0]);
  });

  it("reads again and writes again after a conflict", async () => {
    const world = new World();
    let others = 0;
    world.cluster.beforePatch = ({ kind }) => {
      if (kind !== "VirtualService" || others++ % 2 === 1) return;
      const { object } = world;
      const labels = { touched: String(others) };
      world.cluster.put({ ...object, metadata: { ...object.metadata, labels } });
    };
    // The first write has nobody to repeat it but the user.
    await expect(world.run()).rejects.toMatchObject({ code: "E_CLUSTER_CONFLICT" });
    expect((await world.run()).phase).toBe("completed");
    expect(world.object.metadata.labels).toBeDefined();
  });

  it("goes on when the API server was away, with what it has counted meanwhile", async () => {
    const world = new World();
    const { sleep } = world.clock;
    world.canaryPermille = 10;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      const { minute } = world.clock;
      world.cluster.isAway = minute > 2 && minute < 4;
      if (minute > 2) world.canaryPermille = 200;
      if (minute > 3.5) world.canaryPermille = 10;
    };
    const state = await world.run();
    expect(state).toMatchObject({ phase: "rolled_back", decidedBy: "comparison" });
    expect(world.said.join("\n")).toContain("the API server: refused");
    expect(world.weight).toBe(0);
  });

  it("does not work beside another that is alive", async () => {
    const world = new World();
    const stop = new AbortController();
    const { sleep } = world.clock;
    let second: unknown;
    world.clock.sleep = async (ms) => {
      await sleep.call(world.clock, ms);
      if (world.clock.minute < 2 || second !== undefined) return;
      second = "under way";
      const clock = { nowMs: () => world.clock.nowMs(), sleep: () => renewed(world) };
      const lease = new RolloutLease(world.cluster.asCluster(), world.plan, "other", clock);
      second = await lease.acquire(() => undefined).catch((error: unknown) => error);
      stop.abort();
    };
    await world.run("run", stop.signal);
    expect(second).toMatchObject({ code: "E_ROLLOUT_BUSY" });
  });
});

/** As if the holder had renewed meanwhile. */
async function renewed({ cluster }: World): Promise<void> {
  const lease = cluster.peek("Lease", "ganglion-rollout-llm-service") as ClusterObject;
  const spec = { ...(lease["spec"] as object), renewTime: "2030-01-01T00:00:00.000000Z" };
  cluster.put({ ...lease, spec });
}
