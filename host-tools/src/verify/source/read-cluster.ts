// The objects of a cluster, printed as YAML so that findings have lines and patches like any other:
// a file per object, cluster/NAMESPACE/KIND-NAME.yaml. Read only; needs `list` of the kinds below.

import { type Cluster, ClusterError, type ClusterObject } from "../../cluster";
import { yamlText } from "../../istio/yaml-text";
import { GanglionError } from "../../lib/errors";
import type { MeshObject } from "./mesh-object";
import type { Reading } from "./read-files";
import { readObjects } from "./read-objects";

/** What the rules look at, in the version that every supported Istio or Kubernetes serves. */
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1", "ServiceEntry"],
  ["networking.istio.io/v1", "Sidecar"],
  ["networking.istio.io/v1", "Gateway"],
  ["networking.istio.io/v1alpha3", "EnvoyFilter"],
  ["security.istio.io/v1", "AuthorizationPolicy"],
  ["security.istio.io/v1", "PeerAuthentication"],
  ["telemetry.istio.io/v1", "Telemetry"],
  ["extensions.istio.io/v1alpha1", "WasmPlugin"],
  ["extensions.istio.io/v1alpha1", "TrafficExtension"],
  ["v1", "Service"],
  ["v1", "ConfigMap"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["batch/v1", "CronJob"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["monitoring.coreos.com/v1", "PrometheusRule"],
  ["argoproj.io/v1alpha1", "AnalysisTemplate"],
  ["argoproj.io/v1alpha1", "Rollout"],
  ["flagger.app/v1beta1", "Canary"],
  ["flagger.app/v1beta1", "MetricTemplate"],
];

export interface ClusterReadOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
}

/**
 * Objects of one namespace, or of all. A kind that is not installed is none; one that may not be
 * listed is a fault beside what could be read.
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
  const faults: GanglionError[] = [];
  for (const [apiVersion, kind] of KINDS) {
    try {
      const found = await listOf(cluster, apiVersion, kind, namespace);
      objects.push(...found.flatMap((object) => readObject(object, cluster.namespace)));
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_DENIED") throw error;
      faults.push(error);
    }
  }
  return { objects, faults, files: objects.length };
}

async function connect(options: ClusterReadOptions): Promise<Cluster> {
  const { connectCluster } = await import("../../cluster");
  const { context, kubeconfig, namespace } = options;
  return await connectCluster({ context, kubeconfig, namespace });
}

async function listOf(
  cluster: Cluster,
  apiVersion: string,
  kind: string,
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
