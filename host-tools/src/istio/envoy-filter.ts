// The outer form of our EnvoyFilters. They patch what istiod generates and break with it, so there
// is one only where no field of Istio's says the same.

import { type KubeObject, metadata } from "./kube-object";

/** After filters of other people that are placed relative to the same neighbours. */
const PRIORITY = 10;

type Context = "ANY" | "SIDECAR_INBOUND" | "SIDECAR_OUTBOUND";

export interface ConfigPatch {
  readonly applyTo: "HTTP_FILTER" | "CLUSTER" | "VIRTUAL_HOST";
  readonly match: Readonly<Record<string, unknown>> & { readonly context: Context };
  readonly patch: {
    readonly operation: "INSERT_BEFORE" | "ADD" | "MERGE";
    readonly value: Readonly<Record<string, unknown>>;
  };
}

/** @param labels of the pods whose proxies are patched; undefined: all of the namespace */
export function envoyFilter(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
  configPatches: readonly ConfigPatch[],
): KubeObject {
  const isAll = labels === undefined || Object.keys(labels).length === 0;
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: metadata(name, namespace),
    spec: { ...(isAll ? {} : { workloadSelector: { labels } }), priority: PRIORITY, configPatches },
  };
}

/** Puts an HTTP filter right before the router of a pod's inbound listeners. */
export function inboundFilter(name: string, config: Record<string, unknown>): ConfigPatch {
  return {
    applyTo: "HTTP_FILTER",
    match: {
      context: "SIDECAR_INBOUND",
      listener: {
        filterChain: {
          filter: {
            name: "envoy.filters.network.http_connection_manager",
            subFilter: { name: "envoy.filters.http.router" },
          },
        },
      },
    },
    patch: { operation: "INSERT_BEFORE", value: { name, typed_config: config } },
  };
}

/** An Envoy type's address, e.g. of `envoy.extensions.filters.http.ratelimit.v3.RateLimit`. */
export const typeUrl = (type: string): string => `type.googleapis.com/${type}`;
