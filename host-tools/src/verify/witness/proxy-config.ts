// The configurations of witnesses, in Envoy's own words. rig/bootstrap.ts is made for measuring:
// wide limits, no retries, no outlier detection. Here these are what is shown, so routes and
// clusters are given as Envoy takes them, and only the scaffolding is written once.

import type { Bootstrap, HttpFilter } from "../../rig/bootstrap";

/** A message of Envoy's API as JSON. */
export type Message = Readonly<Record<string, unknown>>;

export interface WitnessListener {
  readonly name: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Before the router. */
  readonly filters?: readonly HttpFilter[];
  /** Messages of type `envoy.config.route.v3.Route`, in order. */
  readonly routes: readonly Message[];
  /** Whether Envoy refuses routes to clusters that it lacks; istiod's are not refused. Default true. */
  readonly validatesClusters?: boolean;
  /** More fields of the connection manager. */
  readonly manager?: Message;
}

const EXTENSIONS = "type.googleapis.com/envoy.extensions";
const MANAGER = `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`;

export function witnessBootstrap(
  listeners: readonly WitnessListener[],
  clusters: readonly Message[],
): Bootstrap {
  return {
    node: { id: "witness", cluster: "witness" },
    admin: { address: loopback(0) },
    static_resources: { listeners: listeners.map(listener), clusters },
  };
}

/** For one cluster: Envoy lets three requests be retried at a time unless told otherwise. */
export function manyRetries(): Message {
  return { circuit_breakers: { thresholds: [{ max_retries: 100 }] } };
}

/** A static cluster on loopback ports; `more` adds or replaces fields. */
export function cluster(name: string, ports: readonly number[], more: Message = {}): Message {
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: ports.map((port) => ({ endpoint: { address: loopback(port) } })) },
      ],
    },
    ...more,
  };
}

/** A route by prefix to one cluster; `action` adds fields beside it (timeout, retry_policy). */
export function route(clusterName: string, action: Message = {}, prefix = "/"): Message {
  return { match: { prefix }, route: { cluster: clusterName, ...action } };
}

/** An HTTP filter of Envoy: `envoy.filters.http.<name>` with its own type. */
export function filter(name: string, type: string, config: Message): HttpFilter {
  return {
    name: `envoy.filters.http.${name}`,
    typed_config: { "@type": `${EXTENSIONS}.filters.http.${type}`, ...config },
  };
}

/** What Istio writes for `fault.abort` and `fault.delay` of a VirtualService, at 100 %. */
export function faultFilter(fault: { abort?: number; delayMs?: number }): HttpFilter {
  const percentage = { numerator: 100, denominator: "HUNDRED" };
  return filter("fault", "fault.v3.HTTPFault", {
    ...(fault.abort === undefined ? {} : { abort: { http_status: fault.abort, percentage } }),
    ...(fault.delayMs === undefined
      ? {}
      : { delay: { fixed_delay: `${fault.delayMs / 1000}s`, percentage } }),
  });
}

export function loopback(port: number): Message {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function listener(spec: WitnessListener): Message {
  const router = filter("router", "router.v3.Router", {});
  const manager = {
    "@type": MANAGER,
    stat_prefix: spec.name,
    ...spec.manager,
    route_config: {
      name: spec.name,
      validate_clusters: spec.validatesClusters ?? true,
      virtual_hosts: [{ name: spec.name, domains: ["*"], routes: spec.routes }],
    },
    http_filters: [...(spec.filters ?? []), router],
  };
  const chain = { name: "envoy.filters.network.http_connection_manager", typed_config: manager };
  return {
    name: spec.name,
    address: loopback(spec.port ?? 0),
    filter_chains: [{ filters: [chain] }],
  };
}
