// The door of this folder: a connection to an API server.

import { randomInt } from "node:crypto";
import { seededPrng, type Prng } from "../lib/prng";
import { type RetryClock, systemRetryClock } from "../oci/retry";
import { ApiCluster, type Cluster } from "./cluster";
import { type ConnectionChoices, openConnection } from "./connection";

export {
  type ApplyOptions,
  type Cluster,
  type DeleteOptions,
  FIELD_MANAGER,
  type ListOptions,
  type WatchOptions,
  type WriteOptions,
} from "./cluster";
export { type Attempted, ClusterError, type FieldConflict } from "./cluster-error";
export {
  type ClusterObject,
  groupOf,
  keyOf,
  type KindName,
  type ManagedFields,
  type ObjectKey,
  objectName,
} from "./cluster-object";
export { gitOpsOwner } from "./gitops-owner";
export type { ConnectionChoices } from "./connection";
export type { WatchEvent } from "./watch";

/** Above what a webhook may take (30 s at most by Kubernetes' own bound), below a user's patience. */
const TIMEOUT_MS = 35_000;

export interface ClusterChoices extends ConnectionChoices {
  readonly clock?: RetryClock;
  /** Jitter of the retries; by default each process has its own, so that a fleet spreads out. */
  readonly prng?: Prng;
  /** Of one request, to the end of its answer. */
  readonly timeoutMs?: number;
}

/**
 * A cluster by kubeconfig, context or the pod's own account. Sends nothing yet.
 *
 * @throws GanglionError E_CLUSTER_CONFIG
 */
export async function connectCluster(choices: ClusterChoices = {}): Promise<Cluster> {
  return new ApiCluster(await openConnection(choices), {
    clock: choices.clock ?? systemRetryClock,
    prng: choices.prng ?? seededPrng(randomInt(2 ** 31)),
    timeoutMs: choices.timeoutMs ?? TIMEOUT_MS,
  });
}
