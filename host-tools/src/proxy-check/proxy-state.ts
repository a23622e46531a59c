// What an Envoy has been told and how it fares, out of its admin pages.

import { PLUGIN_NAME } from "../istio/filter-object";
import { parsePage, type ProxyReading } from "../weights/metrics-page";
import { type AdminPages, notAnAdmin } from "./admin-pages";
import { at, type Json, listAt } from "./json-value";
import { type Listener, listenersOf, missingSecrets, valuesOf } from "./listeners";

/** A cluster of Istio's, `outbound|PORT|SUBSET|HOST`. */
export interface OutboundCluster {
  readonly name: string;
  readonly port: string;
  /** Empty for the host as a whole. */
  readonly subset: string;
  readonly host: string;
  /** Envoy's own message. */
  readonly config: Json;
  readonly endpoints: number;
  readonly healthy: number;
  /** Endpoints to which the proxy speaks mutual TLS. */
  readonly encrypted: number;
}

export interface VirtualHost {
  /** Name of the table of routes that it stands in. */
  readonly table: string;
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Json[];
  readonly config: Json;
}

export interface ProxyState {
  /** `NAME.NAMESPACE` as istiod knows it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly clusters: readonly OutboundCluster[];
  /** Of every name, also those that are not Istio's. */
  readonly clusterConfigs: ReadonlyMap<string, Json>;
  readonly virtualHosts: readonly VirtualHost[];
  readonly listeners: readonly Listener[];
  /** Names of secrets that have not come, e.g. `kubernetes://NAME`. */
  readonly missingSecrets: ReadonlySet<string>;
  /** HTTP filters of all listeners. */
  readonly httpFilters: readonly Json[];
  /** The extension that stands for our filter; undefined where there is none. */
  readonly filter: Json | undefined;
  /** What the filter publishes. */
  readonly reading: ProxyReading;
  /** Of the bootstrap: which counters are published. */
  readonly statsConfig: unknown;
  /** Counters of clusters by full name. */
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * @param address for complaints
 * @throws GanglionError E_PROXY_ADMIN for pages that are not Envoy's
 */
export function proxyState(pages: AdminPages, address: string): ProxyState {
  const parts = listAt(parsed(pages.configDump, address), "configs");
  const node = parts.map((part) => at(part, "bootstrap", "node")).find(Boolean);
  if (node === undefined) throw notAnAdmin(address, "its /config_dump tells of no node");
  const configs = parts
    .flatMap((part) => listAt(part, "dynamic_active_clusters"))
    .map((one) => at(one, "cluster") as Json);
  const statuses = listAt(parsed(pages.clusters, address), "cluster_statuses");
  const encrypted = encryptedEndpoints(parts);
  const listeners = listenersOf(parts);
  const listenerConfigs = listeners.map(({ config }) => config);
  return {
    name: String(at(node, "cluster") ?? at(node, "id") ?? ""),
    labels: (at(node, "metadata", "LABELS") ?? {}) as Record<string, string>,
    clusters: configs.flatMap((config) => outbound(config, statuses, encrypted) ?? []),
    clusterConfigs: new Map(configs.map((config) => [String(config["name"]), config])),
    virtualHosts: virtualHostsOf(parts, listenerConfigs),
    listeners,
    missingSecrets: missingSecrets(parts),
    httpFilters: filtersOf(listenerConfigs),
    filter: ourFilter(parts),
    reading: parsePage(pages.metrics),
    statsConfig: parts.map((part) => at(part, "bootstrap", "stats_config")).find(Boolean),
    counters: countersOf(parsed(pages.counters, address)),
  };
}

function parsed(text: string, address: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw notAnAdmin(address, "what it answers is not JSON");
  }
}

function outbound(
  config: Json,
  statuses: readonly Json[],
  encrypted: ReadonlyMap<string, number>,
): OutboundCluster | undefined {
  const name = String(config["name"]);
  const [direction, port, subset, host] = name.split("|");
  if (direction !== "outbound" || host === undefined) return undefined;
  const hosts = listAt(
    statuses.find((status) => status["name"] === name),
    "host_statuses",
  );
  return {
    name,
    port: port!,
    subset: subset!,
    host,
    config,
    endpoints: hosts.length,
    healthy: hosts.filter(isHealthy).length,
    encrypted: encrypted.get(name) ?? 0,
  };
}

/** Of the tables that istiod sends, and of those within listeners, as inbound ones have them. */
function virtualHostsOf(parts: readonly Json[], listenerConfigs: readonly Json[]): VirtualHost[] {
  const sent = parts
    .flatMap((part) => listAt(part, "dynamic_route_configs"))
    .map((one) => at(one, "route_config"));
  const within = valuesOf(listenerConfigs, "route_config");
  const tables = [...sent, ...within].map((table) => [String(at(table, "name")), table] as const);
  return [...new Map(tables)].flatMap(([name, table]) =>
    listAt(table, "virtual_hosts").map((config) => ({
      table: name,
      name: String(config["name"]),
      domains: (config["domains"] ?? []) as string[],
      routes: listAt(config, "routes"),
      config,
    })),
  );
}

/** Envoy's `health_status` has a flag for each reason to keep away, and what istiod says. */
function isHealthy(host: Json): boolean {
  const { eds_health_status: told = "HEALTHY", ...flags } = (host["health_status"] ?? {}) as Json;
  return ["HEALTHY", "UNKNOWN"].includes(String(told)) && !Object.values(flags).includes(true);
}

/** Endpoints by cluster whose metadata choose the socket of the mesh's TLS. */
function encryptedEndpoints(parts: readonly Json[]): Map<string, number> {
  const assignments = parts
    .flatMap((part) => listAt(part, "dynamic_endpoint_configs"))
    .map((one) => at(one, "endpoint_config"));
  return new Map(
    assignments.map((assignment) => {
      const endpoints = listAt(assignment, "endpoints").flatMap((one) =>
        listAt(one, "lb_endpoints"),
      );
      const inMesh = endpoints.filter(
        (one) =>
          at(one, "metadata", "filter_metadata", "envoy.transport_socket_match", "tlsMode") ===
          "istio",
      );
      return [String(at(assignment, "cluster_name")), inMesh.length];
    }),
  );
}

/** By the root id, or by the object's name where Istio has put a refusal in the filter's place. */
function ourFilter(parts: readonly Json[]): Json | undefined {
  const filters = parts
    .flatMap((part) => listAt(part, "ecds_filters"))
    .map((one) => at(one, "ecds_filter") as Json);
  const isOurs = (one: Json): boolean =>
    at(one, "typed_config", "config", "root_id") === PLUGIN_NAME;
  return filters.find(isOurs) ?? filters.find((one) => String(one["name"]).includes(PLUGIN_NAME));
}

/** At any depth: chains stand in matchers as well. */
function filtersOf(listenerConfigs: readonly Json[]): Json[] {
  return valuesOf(listenerConfigs, "http_filters").flatMap((list) =>
    Array.isArray(list) ? (list as Json[]) : [],
  );
}

function countersOf(page: unknown): Map<string, number> {
  const counters = new Map<string, number>();
  for (const { name, value } of listAt(page, "stats")) {
    if (typeof name === "string" && typeof value === "number") counters.set(name, value);
  }
  return counters;
}
