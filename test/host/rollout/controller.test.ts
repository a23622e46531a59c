import { describe, expect, it } from "vitest";
import type { ClusterObject } from "../../../host-tools/src/cluster";
import type { ArmCounts } from "../../../host-tools/src/rollout/arm-counts";
import { runRollout } from "../../../host-tools/src/rollout/controller";
import type { CountSource, Reading } from "../../../host-tools/src/rollout/count-source";
import { type RolloutClock, RolloutLease } from "../../../host-tools/src/rollout/rollout-lease";
import type { RolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";
import { isOver, type RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { RolloutStore, STATE_ANNOTATION } from "../../../host-tools/src/rollout/rollout-store";
import { decodeState } from "../../../host-tools/src/rollout/state-codec";
import { obey, type Order } from "../../../host-tools/src/rollout/state-machine";
import { Killed, MemoryCluster } from "./memory-cluster";
import { counts, MINUTE_MS, samplePlan, START_MS } from "./sample";

const VIRTUAL_SERVICE: ClusterObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "llm-service", namespace: "ai" },
  spec: {
    http: [
      {
        name: "chat",
        route: [{ destination: { host: "llm-service.ai.svc.cluster.local", subset: "v1" } }],
      },
    ],
  },
};

/** Sleeping takes no time, and the world moves on while somebody sleeps. */
class VirtualClock implements RolloutClock {
  private atMs = START_MS;

  nowMs(): number {
    return this.atMs;
  }

  async sleep(durationMs: number): Promise<void> {
    this.atMs += durationMs;
  }

  get minute(): number {
    return (this.atMs - START_MS) / MINUTE_MS;
  }
}

/** 20 requests a second split by the weight in the cluster, with these shares of errors. */
class World implements CountSource {
  readonly name = "the world";
  readonly cluster = new MemoryCluster();
  readonly clock = new VirtualClock();
  readonly said: string[] = [];
  canaryPermille = 10;
  stablePermille = 10;
  killed: string[] = [];
  isSilent = false;
  private readonly total = { stable: counts(0, 0), canary: counts(0, 0) };
  private lastMs = START_MS;
  private runs = 0;

  constructor(readonly plan: RolloutPlan = samplePlan()) {
    this.cluster.put(VIRTUAL_SERVICE);
  }

  async read(): Promise<Reading> {
    const requests = ((this.clock.nowMs() - this.lastMs) / 1000) * 20;
    this.lastMs = this.clock.nowMs();
    const canary = Math.round((requests * this.weight) / 100);
    const { total } = this;
    total.canary = grown(total.canary, canary, this.canaryPermille);
    total.stable = grown(total.stable, Math.round(requests - canary), this.stablePermille);
    const series = new Map(
      this.isSilent
        ? []
        : (["stable", "canary"] as const).map((arm) => [arm, { arm, counts: { ...total[arm] } }]),
    );
    return { series, killed: this.killed, latencyMs: undefined, faults: [] };
  }

  run(mode: "start" | "run" = "run", signal?: AbortSignal): Promise<RolloutState> {
    const { cluster, clock, plan } = this;
    const say = (line: string): void => void this.said.push(line);
    const identity = `tool-${++this.runs}`;
    const lease = new RolloutLease(cluster.asCluster(), plan, identity, clock);
    const parts = { plan, store: this.store, lease, source: this, clock, say, signal };
    return runRollout(parts, `r${this.runs}`, mode);
  }

  get store(): RolloutStore {
    return new RolloutStore(this.cluster.asCluster(), this.plan);
  }

  get object(): ClusterObject {
    return this.cluster.peek("VirtualService", "llm-service") as ClusterObject;
  }

  get weight(): number {
    return weightOf(this.object);
  }

  get state(): RolloutState {
    return stateOf(this.object) as RolloutState;
  }

  async order(order: Order): Promise<void> {
    const view = await this.store.read();
    await this.store.write(view, obey(this.plan, view.state!, order, this.clock.nowMs()));
  }
}

function grown(before: ArmCounts, requests: number, errorPermille: number): ArmCounts {
  const all = before.requests + requests;
  const errors = before.errors + Math.round((requests * errorPermille) / 1000);
  return { requests: all, errors };
}

function weightOf(object: ClusterObject): number {
  const { http } = object["spec"] as { http: { name: string; route: Destination[] }[] };
  const rule = http.find(({ name }) => name === "chat");
  return rule?.route.find(({ destination }) => destination.subset === "v2")?.weight ?? 0;
}
interface Destination {
  readonly destination: { readonly subset: string };
  readonly weight?: number;
}

function stateOf(object: ClusterObject): RolloutState | undefined {
  const text = object.metadata.annotations?.[STATE_ANNOTATION];
  return text === undefined ? undefined : decodeState(text, "here");
}

/** Weights that requests have met, in order. */
function weightsMet({ cluster }: World): number[] {
  return cluster.history
    .filter(({ kind }) => kind === "VirtualService")
    .map(weightOf)
    .filter((weight, i, all) => weight !== all[i - 1]);
}

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
        world.killed = ["10.0.0.7 (route chat)"];
      }
    };
    const state = await world.run();
    expect(state).toMatchObject({ phase: "rolled_back", decidedBy: "guard" });
    expect(world.clock.nowMs() - firedMs).toBeLessThanOrEqual(5000);
  });

  it("does not begin with a canary that a guard has taken out already", async () => {
    const world = new World();
    world.killed = ["10.0.0.7 (route chat)"];
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
    const checked = world.cluster.peek("Lease", "ganglion-rollout-llm-service");
    const before = decodeState(checked?.metadata.annotations?.["ganglion.dev/rollout-check"]!, "x");
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
});
