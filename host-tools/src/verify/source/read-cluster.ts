// The objects of a cluster, printed as YAML so that findings have lines and patches like any other:
// a file per object, cluster/NAMESPACE/KIND-NAME.yaml. Read only; needs what ../cluster-role.ts states.

import { type Cluster, ClusterError, type ClusterObject } from "../../cluster";
import { yamlText } from "../../istio/yaml-text";
import { GanglionError } from "../../lib/errors";
import { CLUSTER_KINDS, type ClusterKind, pluralsByGroup } from "./cluster-kinds";
import type { MeshObject } from "./mesh-object";
import type { Reading } from "./read-files";
import { readObjects } from "./read-objects";

export interface ClusterReadOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
}

/**
 * Objects of one namespace, or of all. A kind that is not installed is none; those that may not be listed
 * are one fault beside what could be read.
 *
 * @param connection instead of the one that the kubeconfig names
 * @throws GanglionError E_CLUSTER_... where the cluster does not answer
 */
export async function readCluster(
  options: ClusterReadOptions,
  connection?: Cluster,
): Promise<Reading> {
  const cluster = connection ?? (await connect(options));
  const namespace = options.allNamespaces === true ? "" : (options.namespace ?? cluster.namespace);
  const objects: MeshObject[] = [];
  const denied: ClusterKind[] = [];
  for (const kind of CLUSTER_KINDS) {
    try {
      const found = await listOf(cluster, kind, namespace);
      objects.push(...found.flatMap((object) => readObject(object, cluster.namespace)));
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_DENIED") throw error;
      denied.push(kind);
    }
  }
  const faults = denied.length === 0 ? [] : [deniedFault(denied, namespace)];
  return { objects, faults, files: objects.length, unread: denied.length };
}

/** One fault for all kinds: the Role that is missing is one, too. */
function deniedFault(denied: readonly ClusterKind[], namespace: string): GanglionError {
  const where = namespace === "" ? "in all namespaces" : `in namespace ${namespace}`;
  const groups = [...pluralsByGroup(denied)].map(
    ([group, plurals]) => `  ${group === "" ? "core" : group}: ${plurals.join(", ")}`,
  );
  const message = `${denied.length} of ${CLUSTER_KINDS.length} kinds may not be listed ${where}`;
  const role = "ganglion verify role --account ACCOUNT -n";
  return new GanglionError("E_CLUSTER_DENIED", [message, ...groups].join("\n"), {
    hint:
      namespace === ""
        ? `Name one namespace with -n; \`${role} NAMESPACE\` prints the Role of one for its administrator.`
        : `Let an administrator apply what \`${role} ${namespace}\` prints.`,
  });
}

async function connect(options: ClusterReadOptions): Promise<Cluster> {
  const { connectCluster } = await import("../../cluster");
  const { context, kubeconfig, namespace } = options;
  return await connectCluster({ context, kubeconfig, namespace });
}

async function listOf(
  cluster: Cluster,
  { apiVersion, kind }: ClusterKind,
  namespace: string,
): Promise<ClusterObject[]> {
  try {
    return await cluster.list({ apiVersion, kind }, { namespace });
  } catch (error) {
    if (error instanceof ClusterError && error.code === "E_CLUSTER_NOT_FOUND") return [];
    throw error;
  }
}

function readObject(object: ClusterObject, namespace: string): MeshObject[] {
  const { managedFields: _managed, ...metadata } = object.metadata;
  const name = `cluster/${metadata.namespace ?? ""}/${object.kind}-${metadata.name}.yaml`;
  const { apiVersion, kind, status: _status, ...rest } = object;
  return readObjects(name, yamlText({ apiVersion, kind, ...rest, metadata }), namespace);
}
