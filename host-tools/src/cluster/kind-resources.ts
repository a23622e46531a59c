// From a kind to its place in the API. The API server tells (discovery), but a request per kind only
// to learn a plural is a request that can fail, so the kinds that the tool itself uses are known.

import type { KindName } from "./cluster-object";

export interface KindResource {
  /** Plural, as in paths and in rules of RBAC. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const namespaced = (plural: string): KindResource => ({ plural, namespaced: true });
const clusterWide = (plural: string): KindResource => ({ plural, namespaced: false });

const KNOWN: Readonly<Record<string, KindResource>> = {
  "extensions.istio.io WasmPlugin": namespaced("wasmplugins"),
  "extensions.istio.io TrafficExtension": namespaced("trafficextensions"),
  "networking.istio.io VirtualService": namespaced("virtualservices"),
  "networking.istio.io DestinationRule": namespaced("destinationrules"),
  " ConfigMap": namespaced("configmaps"),
  " Pod": namespaced("pods"),
  " Secret": namespaced("secrets"),
  " Service": namespaced("services"),
  " ServiceAccount": namespaced("serviceaccounts"),
  " Namespace": clusterWide("namespaces"),
  "coordination.k8s.io Lease": namespaced("leases"),
  "rbac.authorization.k8s.io Role": namespaced("roles"),
  "rbac.authorization.k8s.io RoleBinding": namespaced("rolebindings"),
};

export function knownResource(name: KindName): KindResource | undefined {
  const slash = name.apiVersion.indexOf("/");
  return KNOWN[`${slash < 0 ? "" : name.apiVersion.slice(0, slash)} ${name.kind}`];
}

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function apiRoot(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The path of a collection, or of one object in it. */
export function resourcePath(
  apiVersion: string,
  resource: KindResource,
  namespace: string | undefined,
  name?: string,
): string {
  const within =
    resource.namespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  const tail = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${apiRoot(apiVersion)}${within}/${resource.plural}${tail}`;
}

/** Finds a kind in the answer of discovery (`APIResourceList`). */
export function discoveredResource(list: unknown, kind: string): KindResource | undefined {
  const resources = (list as { resources?: unknown } | null)?.resources;
  if (!Array.isArray(resources)) return undefined;
  for (const one of resources as { name?: unknown; kind?: unknown; namespaced?: unknown }[]) {
    if (one.kind !== kind || typeof one.name !== "string" || one.name.includes("/")) continue;
    return { plural: one.name, namespaced: one.namespaced === true };
  }
  return undefined;
}
