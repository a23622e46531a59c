// A rollout's surroundings in one process: a cluster in memory, a clock on which sleeping takes no time, and
// traffic that follows the weights in the cluster.

import type { ClusterObject } from "../../../host-tools/src/cluster";
import type { ArmCounts } from "../../../host-tools/src/rollout/arm-counts";
import { runRollout } from "../../../host-tools/src/rollout/controller";
import type { CountSource, Reading } from "../../../host-tools/src/rollout/count-source";
import type { GuardKill } from "../../../host-tools/src/rollout/guard-kill";
import { withProgress } from "../../../host-tools/src/rollout/progress";
import {
  CHECK_ANNOTATION,
  type RolloutClock,
  RolloutLease,
} from "../../../host-tools/src/rollout/rollout-lease";
import type { RolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";
import { type RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { RolloutStore, STATE_ANNOTATION } from "../../../host-tools/src/rollout/rollout-store";
import { decodeState } from "../../../host-tools/src/rollout/state-codec";
import { obey, type Order } from "../../../host-tools/src/rollout/state-machine";
import type { RolloutHooks } from "../../../host-tools/src/rollout/webhooks";
import { MemoryCluster } from "./memory-cluster";
import { counts, MINUTE_MS, samplePlan, START_MS } from "./sample";

export const VIRTUAL_SERVICE: ClusterObject = {
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

export const KILL: GuardKill = {
  proxy: "10.0.0.7",
  route: "chat",
  atMs: START_MS,
  evidence: { answers: 30, errors: 12 },
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
export class World implements CountSource {
  readonly name = "the world";
  readonly cluster = new MemoryCluster();
  readonly clock = new VirtualClock();
  readonly said: string[] = [];
  canaryPermille = 10;
  stablePermille = 10;
  killed: GuardKill[] = [];
  isSilent = false;
  latencyMs: number | undefined;
  isPastOwner = false;
  hooks: RolloutHooks | undefined;
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
    return { series, killed: this.killed, latencyMs: this.latencyMs, faults: [] };
  }

  run(mode: "start" | "run" = "run", signal?: AbortSignal): Promise<RolloutState> {
    const { cluster, clock, plan } = this;
    const say = (line: string): void => void this.said.push(line);
    const identity = `tool-${++this.runs}`;
    const lease = new RolloutLease(cluster.asCluster(), plan, identity, clock);
    const { isPastOwner, store, hooks } = this;
    const parts = { plan, store, lease, source: this, clock, say, signal, isPastOwner, hooks };
    return runRollout(parts, `r${this.runs}`, mode);
  }

  get store(): RolloutStore {
    return new RolloutStore(this.cluster.asCluster(), this.plan);
  }

  get object(): ClusterObject {
    return this.cluster.peek("VirtualService", "llm-service") as ClusterObject;
  }

  /** The last check, as the lease has it. */
  get checked(): RolloutState | undefined {
    const lease = this.cluster.peek("Lease", "ganglion-rollout-llm-service");
    const text = lease?.metadata.annotations?.[CHECK_ANNOTATION];
    return text === undefined ? undefined : decodeState(text, "here");
  }

  get weight(): number {
    return weightOf(this.object);
  }

  get state(): RolloutState {
    return stateOf(this.object) as RolloutState;
  }

  async order(order: Order): Promise<void> {
    const view = await this.store.read();
    const state = withProgress(view.state!, this.checked);
    await this.store.write(view, obey(this.plan, state, order, this.clock.nowMs()));
  }
}

function grown(before: ArmCounts, requests: number, errorPermille: number): ArmCounts {
  const all = before.requests + requests;
  const errors = before.errors + Math.round((requests * errorPermille) / 1000);
  return { requests: all, errors };
}

export function weightOf(object: ClusterObject): number {
  const { http } = object["spec"] as { http: { name: string; route: Destination[] }[] };
  const rule = http.find(({ name }) => name === "chat");
  return rule?.route.find(({ destination }) => destination.subset === "v2")?.weight ?? 0;
}
interface Destination {
  readonly destination: { readonly subset: string };
  readonly weight?: number;
}

export function stateOf(object: ClusterObject): RolloutState | undefined {
  const text = object.metadata.annotations?.[STATE_ANNOTATION];
  return text === undefined ? undefined : decodeState(text, "here");
}

/** Weights that requests have met, in order. */
export function weightsMet({ cluster }: World): number[] {
  return cluster.history
    .filter(({ kind }) => kind === "VirtualService")
    .map(weightOf)
    .filter((weight, i, all) => weight !== all[i - 1]);
}
