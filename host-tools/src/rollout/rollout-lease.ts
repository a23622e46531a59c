// One controller at a time: a Lease, as Kubernetes' own controllers use it. Its annotation carries the
// state of the last check, so that the object that says who is at work also says how far the work is.
//
// Whether a lease has run out is judged by watching it stand still for its whole duration on our own
// clock, never by comparing its time stamp with our time of day: clocks of two machines differ, and two
// controllers would be worse than a wait of a quarter of a minute.

import {
  type Cluster,
  ClusterError,
  type ClusterObject,
  type ObjectKey,
  objectName,
} from "../cluster";
import { GanglionError } from "../lib/errors";
import type { RolloutPlan } from "./rollout-plan";
import type { RolloutState } from "./rollout-state";
import { ROLLOUT_MANAGER } from "./rollout-store";
import { decodeState, encodeState } from "./state-codec";

export interface RolloutClock {
  /** Wall clock; what is written down has to mean something to the next controller. */
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

export const CHECK_ANNOTATION = "ganglion.dev/rollout-check";
export const LEASE_S = 15;
export const LEASE_KIND = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" } as const;
const LOOK_AGAIN_MS = 1_000;

/** Name of the lease, and of the Role, for a service. */
export function leaseName(service: string): string {
  return `ganglion-rollout-${service}`;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export class RolloutLease {
  private held: ClusterObject | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly plan: RolloutPlan,
    private readonly identity: string,
    private readonly clock: RolloutClock,
  ) {}

  private get key(): ObjectKey {
    const { namespace, service } = this.plan;
    return { ...LEASE_KIND, namespace, name: leaseName(service) };
  }

  /**
   * Takes the lease, waiting for one that runs out.
   *
   * @param say told once who holds it
   * @throws GanglionError E_ROLLOUT_BUSY where its holder is alive
   */
  async acquire(say: (line: string) => void): Promise<void> {
    let standing: { readonly renewTime: string | undefined; readonly sinceMs: number } | undefined;
    for (;;) {
      const found = await this.cluster.find(this.key);
      if (found === undefined) {
        if (await this.tryCreate()) return;
        continue;
      }
      const { holderIdentity = "", renewTime, leaseDurationSeconds = LEASE_S } = specOf(found);
      const nowMs = this.clock.nowMs();
      if (standing !== undefined && standing.renewTime !== renewTime)
        throw this.busy(holderIdentity);
      standing ??= { renewTime, sinceMs: nowMs };
      const isFree = holderIdentity === "" || holderIdentity === this.identity;
      if (isFree || nowMs - standing.sinceMs >= leaseDurationSeconds * 1000) {
        if (await this.tryTake(found)) return;
        continue;
      }
      if (standing.sinceMs === nowMs) {
        say(`waiting for ${holderIdentity}'s lease to run out, ${leaseDurationSeconds} s`);
      }
      await this.clock.sleep(LOOK_AGAIN_MS);
    }
  }

  /** The state of the last check, by whoever made it. */
  checkpoint(): RolloutState | undefined {
    return this.checkpointIn(this.held);
  }

  /** As checkpoint, of a lease that is not ours. */
  async look(): Promise<RolloutState | undefined> {
    return this.checkpointIn(await this.cluster.find(this.key));
  }

  private checkpointIn(lease: ClusterObject | undefined): RolloutState | undefined {
    const text = lease?.metadata.annotations?.[CHECK_ANNOTATION];
    if (text === undefined) return undefined;
    try {
      return decodeState(text, objectName(this.key));
    } catch {
      // It only saves counting again.
      return undefined;
    }
  }

  /**
   * Says that we are alive, and how far we are.
   *
   * @throws GanglionError E_ROLLOUT_LOST where another controller has taken over
   */
  async renew(state: RolloutState | undefined): Promise<void> {
    const text = state === undefined ? undefined : encodeState(state);
    await this.patch({ renewTime: microTime(this.clock.nowMs()) }, text);
  }

  /** Lets the next controller in at once. */
  async release(state: RolloutState | undefined): Promise<void> {
    const text = state === undefined ? undefined : encodeState(state);
    await this.patch({ holderIdentity: "" }, text);
    this.held = undefined;
  }

  private async tryCreate(): Promise<boolean> {
    const { apiVersion, kind, name, namespace } = this.key;
    const object = {
      apiVersion,
      kind,
      metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "ganglion" } },
      spec: { ...this.ownSpec(), leaseTransitions: 0 },
    } as ClusterObject;
    return this.tried("E_CLUSTER_EXISTS", () =>
      this.cluster.create(object, { fieldManager: ROLLOUT_MANAGER }),
    );
  }

  private async tryTake(found: ClusterObject): Promise<boolean> {
    this.held = found;
    const transitions = (specOf(found).leaseTransitions ?? 0) + 1;
    return this.tried("E_CLUSTER_CONFLICT", () =>
      this.write({ ...this.ownSpec(), leaseTransitions: transitions }, undefined),
    );
  }

  private async tried(code: string, write: () => Promise<ClusterObject>): Promise<boolean> {
    try {
      this.held = await write();
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.code === code) return false;
      throw error;
    }
  }

  private ownSpec(): LeaseSpec & { readonly acquireTime: string } {
    const now = microTime(this.clock.nowMs());
    return {
      holderIdentity: this.identity,
      leaseDurationSeconds: LEASE_S,
      acquireTime: now,
      renewTime: now,
    };
  }

  private async patch(spec: LeaseSpec, checkpoint: string | undefined): Promise<void> {
    try {
      this.held = await this.write(spec, checkpoint);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_CONFLICT") throw error;
      throw new GanglionError("E_ROLLOUT_LOST", `another controller took ${objectName(this.key)}`, {
        cause: error,
        hint: "It goes on with the rollout; look at `ganglion rollout status`.",
      });
    }
  }

  private write(spec: LeaseSpec, checkpoint: string | undefined): Promise<ClusterObject> {
    const annotations = checkpoint === undefined ? {} : { [CHECK_ANNOTATION]: checkpoint };
    const { resourceVersion } = this.held?.metadata ?? {};
    const patch = { metadata: { resourceVersion, annotations }, spec };
    return this.cluster.patch(this.key, patch, { fieldManager: ROLLOUT_MANAGER });
  }

  private busy(holder: string): GanglionError {
    return new GanglionError("E_ROLLOUT_BUSY", `${holder} is at work on ${objectName(this.key)}`, {
      hint: "Look at `ganglion rollout status`, or end that process first.",
    });
  }
}

function specOf(lease: ClusterObject): LeaseSpec {
  return (lease["spec"] ?? {}) as LeaseSpec;
}

/** RFC 3339 with microseconds, which is what a Lease takes. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
