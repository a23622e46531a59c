// A policy against a cluster. Each object is applied as a dry run: what the server would store is
// compared with what it has, so its own defaults and the fields of others are on both sides.

import { type Cluster, ClusterError, type ClusterObject, type ObjectKey } from "../cluster";
import type { Manifest } from "../manifests/manifests";
import { RENDERED_KINDS, type RenderedKind } from "../manifests/rendered-kinds";
import { type Difference, objectDifference, objectDifferences, type Placed } from "./difference";
import { type AnyObject, renderedObject } from "./normal-object";

const OURS = "app.kubernetes.io/managed-by=ganglion,app.kubernetes.io/part-of=ganglion";

export interface ClusterComparison {
  readonly cluster: Cluster;
  readonly objects: readonly Manifest[];
  readonly namespace: string;
  readonly isPushed: boolean;
}

export async function clusterDifferences(of: ClusterComparison): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const { object } of of.objects) {
    differences.push(...(await oneDifference(of, renderedObject(object))));
  }
  return [...differences, ...(await extraObjects(of))];
}

async function oneDifference(of: ClusterComparison, object: AnyObject): Promise<Difference[]> {
  const { cluster, isPushed } = of;
  const key = keyOf(object);
  const live = await cluster.find(key);
  const place = `${cluster.context}: ${object.kind} ${object.metadata.name}`;
  const found = live === undefined ? undefined : { place, object: live as AnyObject };
  const wanted = { place: "the policy", object };
  if (found === undefined) return objectDifference(undefined, wanted, isPushed);
  const merged = await mergedByServer(cluster, object);
  return objectDifference(found, { ...wanted, object: merged }, isPushed);
}

function keyOf({ apiVersion, kind, metadata }: AnyObject): ObjectKey {
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/**
 * What the server would store. Where somebody else owns a field, an apply would stop at a conflict;
 * to compare, it is taken over in the dry run, which stores nothing.
 */
async function mergedByServer(cluster: Cluster, object: AnyObject): Promise<AnyObject> {
  const wanted = object as ClusterObject;
  try {
    return (await cluster.apply(wanted, { dryRun: true })) as AnyObject;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_OWNED") throw error;
    return (await cluster.apply(wanted, { dryRun: true, force: true })) as AnyObject;
  }
}

/** Objects with our labels that the policy does not have (any more), of every kind that we render. */
async function extraObjects(of: ClusterComparison): Promise<Difference[]> {
  const { cluster, objects, isPushed } = of;
  const wanted = objects.map(({ object }) => ({
    place: "the policy",
    object: renderedObject(object),
  }));
  const found: Placed[] = [];
  for (const kind of RENDERED_KINDS) {
    for (const object of await oursOfKind(of, kind)) {
      found.push({ place: `${cluster.context}: ${kind.kind} ${object.metadata.name}`, object });
    }
  }
  return objectDifferences(wanted, found, isPushed).filter(({ state }) => state === "extra");
}

async function oursOfKind(of: ClusterComparison, kind: RenderedKind): Promise<AnyObject[]> {
  const { cluster, namespace, objects } = of;
  const isUsed = objects.some(({ object }) => object.kind === kind.kind);
  const more = Object.entries(kind.labels ?? {}).map(([label, value]) => `,${label}=${value}`);
  const labelSelector = OURS + more.join("");
  try {
    return (await cluster.list(kind, { namespace, labelSelector })) as AnyObject[];
  } catch (error) {
    const code = error instanceof ClusterError ? error.code : undefined;
    // An operator that is not installed has no objects of ours; one that the policy does not use
    // need not be readable to whoever compares.
    if (code === "E_CLUSTER_NOT_FOUND" || (code === "E_CLUSTER_DENIED" && !isUsed)) return [];
    throw error;
  }
}
