// Generations that were, kept in the cluster itself, so that whoever rolls back needs neither the
// machine nor the file of whoever pushed: one ConfigMap beside the object, artifacts by digest, one
// record per epoch. One object, because then every change of it is one write: there is no state in
// which half of it is there, and nothing to clean up. See docs/decisions/0019.
//
// The new generation is written before it is applied. A tool that dies in between leaves a record
// that never came into force; the next change sees that and drops it. The generation in force is
// written along with the new one, so a history that was lost or never there starts right.

import { type Cluster, ClusterError, type ClusterObject } from "../cluster";
import { ExitCode, GanglionError } from "../lib/errors";
import {
  artifactDigest,
  artifactVersion,
  type Generation,
  liveGeneration,
  type Mode,
} from "./generation";
import type { LiveFilter } from "./live-filter";
import { WEIGHTS_MANAGER } from "./ownership";

/** Generations kept, the one in force included. */
export const GENERATIONS_KEPT = 5;
/** Below Kubernetes' own bound of 1 MiB for a ConfigMap, with room for the records. */
export const HISTORY_ARTIFACT_BYTES_MAX = 900 * 1024;

export type ChangeKind = "found" | "push" | "promote" | "rollback" | "revert" | "re-arm";

export interface HistoryRecord {
  readonly epoch: number;
  /** SHA-256 of the artifact, `none` without a model. */
  readonly sha256: string;
  readonly modelVersion: number;
  readonly modelMode: Mode;
  readonly vmGeneration: number;
  readonly change: ChangeKind;
  /** Epoch whose weights were put back. */
  readonly of?: number | undefined;
  /** UTC, ISO 8601; of `found` when it was found. */
  readonly at: string;
}

export interface History {
  readonly name: string;
  /** Undefined where there is no ConfigMap yet. */
  readonly resourceVersion: string | undefined;
  /** Ascending by epoch. */
  readonly records: readonly HistoryRecord[];
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
}

export function historyName(filterName: string): string {
  return `${filterName}-weights-history`;
}

export function historyKey(namespace: string, filterName: string) {
  return { apiVersion: "v1", kind: "ConfigMap", name: historyName(filterName), namespace } as const;
}

/** @throws ClusterError */
export async function readHistory(
  cluster: Cluster,
  namespace: string,
  filterName: string,
): Promise<History> {
  const map = await cluster.find(historyKey(namespace, filterName));
  return historyOf(map, historyName(filterName));
}

/** Reads what it can: records that make no sense are left out, not fatal, and replaced in time. */
export function historyOf(map: ClusterObject | undefined, name: string): History {
  const data = (map?.data ?? {}) as Record<string, string>;
  const binary = (map?.binaryData ?? {}) as Record<string, string>;
  const artifacts = new Map<string, Uint8Array>();
  for (const [key, base64] of Object.entries(binary)) {
    const bytes = Buffer.from(base64, "base64");
    if (key === artifactKey(artifactDigest(bytes))) artifacts.set(artifactDigest(bytes), bytes);
  }
  const records = Object.entries(data).flatMap(([key, text]) => parseRecord(key, text) ?? []);
  records.sort((a, b) => a.epoch - b.epoch);
  return { name, resourceVersion: map?.metadata.resourceVersion, records, artifacts };
}

/** Highest epoch that the history has given out. */
export function highestEpoch(history: History): number {
  return Math.max(0, ...history.records.map(({ epoch }) => epoch));
}

/**
 * The generation of an epoch.
 *
 * @throws GanglionError E_HISTORY_EPOCH naming the epochs that there are
 */
export function recalled(history: History, epoch: number): Generation {
  const record = history.records.find((one) => one.epoch === epoch);
  const artifact = record && history.artifacts.get(record.sha256);
  if (record === undefined || (artifact === undefined && record.sha256 !== "none")) {
    const known = history.records.map((one) => one.epoch).join(", ") || "none";
    throw new GanglionError(
      "E_HISTORY_EPOCH",
      `${history.name} has no weights of epoch ${epoch}; it has ${known}`,
      {
        hint: `The last ${GENERATIONS_KEPT} generations are kept; push the older artifact again.`,
        exitCode: ExitCode.badInput,
      },
    );
  }
  const { modelMode, vmGeneration } = record;
  return { epoch, artifact, modelMode, vmGeneration };
}

export interface NewRecord {
  readonly generation: Generation;
  readonly change: ChangeKind;
  readonly of?: number | undefined;
  readonly at: string;
}

/** The one write that adds a generation: a merge patch, or the first ConfigMap as a whole. */
export function historyPatch(history: History, live: LiveFilter, added: NewRecord): ClusterObject {
  const current = liveGeneration(live);
  const kept = keptRecords(history, current, added);
  const wanted = new Map<string, Uint8Array>();
  for (const [record, artifact] of kept) {
    if (artifact !== undefined) wanted.set(record.sha256, artifact);
  }
  const data: Record<string, string | null> = {};
  for (const { epoch } of history.records) data[recordKey(epoch)] = null;
  for (const [record] of kept) data[recordKey(record.epoch)] = JSON.stringify(record);
  // Artifacts are large and never change: only what comes and what goes is sent.
  const binaryData: Record<string, string | null> = {};
  for (const digest of history.artifacts.keys()) {
    if (!wanted.has(digest)) binaryData[artifactKey(digest)] = null;
  }
  for (const [digest, artifact] of wanted) {
    if (history.artifacts.has(digest)) continue;
    binaryData[artifactKey(digest)] = Buffer.from(artifact).toString("base64");
  }
  const { resourceVersion } = history;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: history.name,
      namespace: live.key.namespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: {
        "app.kubernetes.io/managed-by": "ganglion",
        "app.kubernetes.io/part-of": "ganglion",
      },
    },
    data: withoutNulls(data, resourceVersion === undefined),
    binaryData: withoutNulls(binaryData, resourceVersion === undefined),
  };
}

/**
 * Writes it.
 *
 * @throws ClusterError E_CLUSTER_CONFLICT, E_CLUSTER_EXISTS where somebody was faster; GanglionError
 *   E_HISTORY_ABSENT where there is none and none may be made
 */
export async function writeHistory(cluster: Cluster, patch: ClusterObject): Promise<void> {
  const { name, namespace = "", resourceVersion } = patch.metadata;
  const options = { fieldManager: WEIGHTS_MANAGER };
  if (resourceVersion !== undefined) {
    const key = { apiVersion: "v1", kind: "ConfigMap", name, namespace };
    await cluster.patch(key, patch, options);
    return;
  }
  try {
    await cluster.create(patch, options);
  } catch (cause) {
    if (!(cause instanceof ClusterError) || cause.code !== "E_CLUSTER_DENIED") throw cause;
    throw new GanglionError(
      "E_HISTORY_ABSENT",
      `there is no ConfigMap ${namespace}/${name} for the history, and these rights may not make one`,
      {
        cause,
        hint: "Have an administrator apply what `ganglion weights role` prints: it is in there.",
      },
    );
  }
}

type Kept = readonly [HistoryRecord, Uint8Array | undefined];

/**
 * The new one, the one in force and the newest before it; what never came into force is dropped.
 */
function keptRecords(history: History, current: Generation, added: NewRecord): Kept[] {
  const known = history.records.find((one) => one.epoch === current.epoch);
  const isSame = known?.sha256 === artifactDigest(current.artifact);
  const inForce = isSame ? known : recordOf({ generation: current, change: "found", at: added.at });
  const older = history.records
    .filter(({ epoch }) => epoch < current.epoch)
    .map((record): Kept => [record, history.artifacts.get(record.sha256)])
    .filter(([record, artifact]) => artifact !== undefined || record.sha256 === "none")
    .reverse();
  const kept: Kept[] = [
    [recordOf(added), added.generation.artifact],
    [inForce, current.artifact],
  ];
  let bytes = kept.reduce((sum, [, artifact]) => sum + (artifact?.length ?? 0), 0);
  for (const one of older) {
    bytes += one[1]?.length ?? 0;
    if (kept.length >= GENERATIONS_KEPT || bytes > HISTORY_ARTIFACT_BYTES_MAX) break;
    kept.push(one);
  }
  return kept;
}

function recordOf({ generation, change, of, at }: NewRecord): HistoryRecord {
  const { epoch, artifact, modelMode, vmGeneration } = generation;
  return {
    epoch,
    sha256: artifactDigest(artifact),
    modelVersion: artifactVersion(artifact),
    modelMode,
    vmGeneration,
    change,
    ...(of === undefined ? {} : { of }),
    at,
  };
}

function withoutNulls(
  members: Record<string, string | null>,
  isFirst: boolean,
): Record<string, string | null> {
  if (!isFirst) return members;
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

function recordKey(epoch: number): string {
  return `epoch-${epoch}`;
}

function artifactKey(digest: string): string {
  return `${digest}.gngl`;
}

function parseRecord(key: string, text: string): HistoryRecord | undefined {
  try {
    const record = JSON.parse(text) as HistoryRecord;
    const isWhole =
      Number.isSafeInteger(record.epoch) &&
      typeof record.sha256 === "string" &&
      key === recordKey(record.epoch);
    if (!isWhole) return undefined;
    return { ...record, modelMode: record.modelMode === "shadow" ? "shadow" : "enforce" };
  } catch {
    return undefined;
  }
}
