// A pusher of weights against a mesh of the bench: the tool's own change, with its ports.

import type { Cluster } from "../../host-tools/src/cluster";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { systemRetryClock } from "../../host-tools/src/oci";
import type { ChangePorts, ChangeStep, Plan } from "../../host-tools/src/weights/change-weights";
import { changeAndAwait, type Outcome } from "../../host-tools/src/weights/effective-change";
import { fetchModule } from "../../host-tools/src/weights/image-check";
import { directSource } from "../../host-tools/src/weights/page-source";
import { findProxies } from "../../host-tools/src/weights/proxy-finder";
import { FILTER, NAMESPACE } from "./filtered-mesh";

export interface PusherOptions {
  readonly seed: number;
  readonly waitMs: number;
  readonly epoch?: number;
  readonly forceConflicts?: boolean;
  readonly onStep?: (step: ChangeStep) => Promise<void> | void;
  readonly say?: (line: string) => void;
}

export function changePorts(cluster: Cluster, options: PusherOptions): ChangePorts {
  return {
    cluster,
    fetchModule: (live) => fetchModule(live),
    ownModule: readFilterModule,
    clock: systemRetryClock,
    prng: seededPrng(options.seed),
    say: options.say ?? (() => {}),
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  };
}

/** Changes the weights of the bench's filter and waits for the proxies. */
export function push(cluster: Cluster, plan: Plan, options: PusherOptions): Promise<Outcome> {
  return changeAndAwait(changePorts(cluster, options), plan, {
    place: { namespace: NAMESPACE, name: FILTER },
    fleetOf: (live) => ({ source: directSource, find: () => findProxies(cluster, live, false) }),
    waitMs: options.waitMs,
    revert: false,
    epoch: options.epoch,
    forceConflicts: options.forceConflicts === true,
  });
}
