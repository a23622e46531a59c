// The VirtualService as the place where a rollout is written down: weights and state in one object,
// so in one write, so never half of it. A write names the version that it was made from; whoever
// comes second gets a conflict and reads again. Rules are replaced as a list, because a list of rules
// has one owner in the API server; everything in them that is not the canary's stays as it was.

import { type Cluster, type ClusterObject, type ObjectKey, objectName } from "../cluster";
import { GanglionError } from "../lib/errors";
import { type CanarySplit, canaryWeights, type HttpRule, splitHttp } from "./canary-split";
import type { RolloutPlan } from "./rollout-plan";
import { isOver, type RolloutState } from "./rollout-state";
import { decodeState, encodeState } from "./state-codec";

export const STATE_ANNOTATION = "ganglion.dev/rollout";
/** Field manager of the rules while a rollout is under way. */
export const ROLLOUT_MANAGER = "ganglion-rollout";

/** The object as it was read. */
export interface RolloutView {
  readonly object: ClusterObject;
  readonly http: readonly HttpRule[];
  /** Undefined where no rollout was ever written. */
  readonly state: RolloutState | undefined;
}

export class RolloutStore {
  readonly key: ObjectKey;

  constructor(
    private readonly cluster: Cluster,
    private readonly plan: RolloutPlan,
  ) {
    this.key = {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      namespace: plan.namespace,
      name: plan.service,
    };
  }

  /** @throws ClusterError; GanglionError E_ROLLOUT_TARGET, E_ROLLOUT_STATE */
  async read(): Promise<RolloutView> {
    const object = await this.cluster.find(this.key);
    if (object === undefined) throw this.noTarget("there is none");
    return this.viewOf(object);
  }

  /**
   * Writes state and rules in one step.
   *
   * @returns the object as it is then
   * @throws ClusterError E_CLUSTER_CONFLICT where somebody has changed it since it was read
   */
  async write(view: RolloutView, state: RolloutState, dryRun = false): Promise<RolloutView> {
    return this.patch(
      view,
      state,
      { http: splitHttp(view.http, splitOf(this.plan, state)) },
      dryRun,
    );
  }

  /** As write, and leaves the rules as somebody else has set them. */
  async writeStateOnly(view: RolloutView, state: RolloutState): Promise<RolloutView> {
    return this.patch(view, state, undefined, false);
  }

  /** Percent of the canary in the rules; undefined where they are not all the same. */
  weightIn(view: RolloutView): number | undefined {
    const weights = canaryWeights(view.http, splitOf(this.plan, undefined));
    const [first] = weights;
    return weights.every((weight) => weight === first) ? first : undefined;
  }

  /** The same in words: `20 %`. */
  shareIn(view: RolloutView): string {
    const weight = this.weightIn(view);
    return weight === undefined ? "several shares" : `${weight} %`;
  }

  /** Percent that the rules show for a state: with a header that chooses, the rules show 0. */
  weightFor(state: RolloutState): number {
    const byHeader = this.plan.affinity?.kind === "header" && state.weight < 100;
    return byHeader ? 0 : state.weight;
  }

  private async patch(
    view: RolloutView,
    state: RolloutState,
    spec: object | undefined,
    dryRun: boolean,
  ): Promise<RolloutView> {
    const { resourceVersion } = view.object.metadata;
    const object = await this.cluster.patch(
      this.key,
      {
        metadata: { resourceVersion, annotations: { [STATE_ANNOTATION]: encodeState(state) } },
        ...(spec === undefined ? {} : { spec }),
      },
      { fieldManager: ROLLOUT_MANAGER, dryRun },
    );
    return this.viewOf(object);
  }

  private viewOf(object: ClusterObject): RolloutView {
    const { http = [] } = (object["spec"] ?? {}) as { http?: readonly HttpRule[] };
    if (canaryWeights(http, splitOf(this.plan, undefined)).length === 0) {
      const { host, stable } = this.plan;
      throw this.noTarget(`no rule sends to subset ${stable.subset} of ${host}`);
    }
    const text = object.metadata.annotations?.[STATE_ANNOTATION];
    const state = text === undefined ? undefined : decodeState(text, objectName(this.key));
    return { object, http, state };
  }

  private noTarget(why: string): GanglionError {
    return new GanglionError("E_ROLLOUT_TARGET", `${objectName(this.key)}: ${why}`, {
      hint: "Render the policy and apply it first: `ganglion render | kubectl apply --server-side -f -`.",
    });
  }
}

/** The rules' split for a state; without one, only what tells the arms apart. */
export function splitOf(plan: RolloutPlan, state: RolloutState | undefined): CanarySplit {
  const { host, stable, canary, affinity, testers } = plan;
  const isPreparing = state !== undefined && plan.steps[state.step]?.kind === "prepare";
  const isOn = state !== undefined && !isPreparing && !(isOver(state) && state.weight === 0);
  return {
    host,
    stable,
    canary,
    affinity,
    testers: isOn ? testers : [],
    weight: state?.weight ?? 0,
    mirrorPercent: state?.mirrorPercent ?? 0,
    id: state?.id ?? "",
  };
}
