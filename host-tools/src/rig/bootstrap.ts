// Builds a standalone Envoy bootstrap: listeners with given HTTP filters and routes, and clusters.
// A pure function with a fixed key order, so the same input renders the same bytes: rendered output
// is kept in git. Everything that differs between a test and a user's proxy is an argument.
//
// Chosen for measuring: no tracing, no access log, request ids off by default, and circuit breakers
// so wide that Envoy's own limits (1,024 requests) never stand in for ours.

/** A protobuf Any in JSON. */
export interface TypedConfig {
  readonly "@type": string;
  readonly [field: string]: unknown;
}

/** An HTTP filter with its configuration inline or discovered; passed through as it is. */
export type HttpFilter =
  | { readonly name: string; readonly typed_config: TypedConfig }
  | { readonly name: string; readonly config_discovery: unknown };

export interface RouteSpec {
  readonly name?: string;
  /** Default prefix `/`. */
  readonly match?: {
    readonly prefix?: string;
    readonly path?: string;
    /** Header name to exact value. */
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Exactly one of cluster, weights and directResponse. */
  readonly cluster?: string;
  /** Cluster to its weight: a split by chance. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly directResponse?: { readonly status: number; readonly body?: string };
  /** Of the whole request; default 0: none, because streams are long. */
  readonly timeoutMs?: number;
  /** Filter name to its per-route configuration. */
  readonly perFilter?: Readonly<Record<string, TypedConfig>>;
}

export interface ListenerSpec {
  readonly name: string;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** 0: any free port, told by Envoy's admin. */
  readonly port: number;
  /** In order; the router is added last. */
  readonly httpFilters: readonly HttpFilter[];
  readonly routes: readonly RouteSpec[];
  /** Default false. */
  readonly generateRequestId?: boolean;
  /** Spreads connections over the workers one by one; else the kernel gives most of a few to one. */
  readonly exactBalance?: boolean;
  /** What a filter reads as `xds.listener_direction`; default unspecified. */
  readonly direction?: "inbound" | "outbound";
}

export interface ClusterSpec {
  readonly name: string;
  /** An IP address makes a static cluster, a name one that asks DNS. */
  readonly endpoints: readonly { readonly address?: string; readonly port: number }[];
  /** Default 1000. */
  readonly connectTimeoutMs?: number;
  /** Default http1. */
  readonly protocol?: "http1" | "http2";
}

export interface StatsTag {
  readonly tagName: string;
  /** First capture group is removed from the name, second is the tag's value. */
  readonly regex: string;
}

export interface BootstrapSpec {
  readonly listeners: readonly ListenerSpec[];
  readonly clusters?: readonly ClusterSpec[];
  readonly statsTags?: readonly StatsTag[];
  readonly nodeId?: string;
  /** Default 0: any free port. */
  readonly adminPort?: number;
}

const LOOPBACK = "127.0.0.1";
const UNLIMITED = 1_000_000;
const EXTENSIONS = "type.googleapis.com/envoy.extensions";
const ROUTER = `${EXTENSIONS}.filters.http.router.v3.Router`;
const MANAGER = `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`;
const HTTP_OPTIONS = `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`;

/** A bootstrap as a plain object; JSON is valid YAML, so either suffix will do for Envoy. */
export type Bootstrap = Readonly<Record<string, unknown>>;

export function buildBootstrap(spec: BootstrapSpec): Bootstrap {
  return {
    node: { id: spec.nodeId ?? "ganglion", cluster: "ganglion" },
    admin: { address: socketAddress(LOOPBACK, spec.adminPort ?? 0) },
    ...(spec.statsTags ? { stats_config: { stats_tags: spec.statsTags.map(statsTag) } } : {}),
    static_resources: {
      listeners: spec.listeners.map(listener),
      clusters: (spec.clusters ?? []).map(cluster),
    },
  };
}

/** Two-space JSON with a final newline. */
export function bootstrapJson(spec: BootstrapSpec): string {
  return `${JSON.stringify(buildBootstrap(spec), null, 2)}\n`;
}

/**
 * One route per arm, matched by the routing header, and the default arm for everything else.
 *
 * @param arms arm name (the header's value) to cluster name
 */
export function armRoutes(
  arms: Readonly<Record<string, string>>,
  defaultArm: string,
  options: { readonly header?: string; readonly timeoutMs?: number } = {},
): RouteSpec[] {
  const { header = "x-ganglion-arm", timeoutMs = 0 } = options;
  const named = Object.entries(arms).map(([arm, clusterName]) => ({
    name: `arm-${arm}`,
    match: { prefix: "/", headers: { [header]: arm } },
    cluster: clusterName,
    timeoutMs,
  }));
  return [...named, { name: "default", cluster: arms[defaultArm] ?? defaultArm, timeoutMs }];
}

function listener(spec: ListenerSpec): unknown {
  const manager = {
    "@type": MANAGER,
    stat_prefix: spec.name,
    generate_request_id: spec.generateRequestId ?? false,
    route_config: {
      name: spec.name,
      virtual_hosts: [{ name: spec.name, domains: ["*"], routes: spec.routes.map(route) }],
    },
    http_filters: [
      ...spec.httpFilters,
      { name: "envoy.filters.http.router", typed_config: { "@type": ROUTER } },
    ],
  };
  const filter = { name: "envoy.filters.network.http_connection_manager", typed_config: manager };
  return {
    name: spec.name,
    ...(spec.direction ? { traffic_direction: spec.direction.toUpperCase() } : {}),
    address: socketAddress(spec.address ?? LOOPBACK, spec.port),
    ...(spec.exactBalance ? { connection_balance_config: { exact_balance: {} } } : {}),
    filter_chains: [{ filters: [filter] }],
  };
}

function route(spec: RouteSpec): unknown {
  const match = spec.match ?? {};
  const headers = Object.entries(match.headers ?? {}).map(([name, exact]) => ({
    name,
    string_match: { exact },
  }));
  return {
    ...(spec.name === undefined ? {} : { name: spec.name }),
    match: {
      ...(match.path === undefined ? { prefix: match.prefix ?? "/" } : { path: match.path }),
      ...(headers.length > 0 ? { headers } : {}),
    },
    ...routeAction(spec),
    ...(spec.perFilter ? { typed_per_filter_config: { ...spec.perFilter } } : {}),
  };
}

function routeAction(spec: RouteSpec): object {
  if (spec.directResponse) {
    const { status, body } = spec.directResponse;
    const inline = body === undefined ? {} : { body: { inline_string: body } };
    return { direct_response: { status, ...inline } };
  }
  const timeout = duration(spec.timeoutMs ?? 0);
  if (spec.weights === undefined) return { route: { cluster: spec.cluster, timeout } };
  const clusters = Object.entries(spec.weights).map(([name, weight]) => ({ name, weight }));
  return { route: { weighted_clusters: { clusters }, timeout } };
}

function cluster(spec: ClusterSpec): unknown {
  const addresses = spec.endpoints.map((endpoint) => endpoint.address ?? LOOPBACK);
  const isStatic = addresses.every((address) => /^[\d.]+$|:/.test(address));
  const options = {
    "@type": HTTP_OPTIONS,
    explicit_http_config:
      spec.protocol === "http2" ? { http2_protocol_options: {} } : { http_protocol_options: {} },
  };
  return {
    name: spec.name,
    type: isStatic ? "STATIC" : "STRICT_DNS",
    connect_timeout: duration(spec.connectTimeoutMs ?? 1000),
    circuit_breakers: {
      thresholds: [
        {
          max_connections: UNLIMITED,
          max_pending_requests: UNLIMITED,
          max_requests: UNLIMITED,
          max_retries: UNLIMITED,
        },
      ],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
    },
    load_assignment: {
      cluster_name: spec.name,
      endpoints: [
        {
          lb_endpoints: spec.endpoints.map((endpoint, i) => ({
            endpoint: { address: socketAddress(addresses[i] as string, endpoint.port) },
          })),
        },
      ],
    },
  };
}

function statsTag(tag: StatsTag): unknown {
  return { tag_name: tag.tagName, regex: tag.regex };
}

function socketAddress(address: string, port: number): unknown {
  return { socket_address: { address, port_value: port } };
}

/** Protobuf duration: `1.500s`. */
function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${(ms / 1000).toFixed(3)}s`;
}
