// A complete configuration for an Envoy without a mesh: listener, filter, routes by arm, clusters,
// and the expressions that take our labels out of metric names. Not the rig's bootstrap, which is
// made for measuring (limits far out of the way, no retries); this one is for users, with Envoy's
// own defaults.

import { canonicalJson, type PluginConfig } from "../config/plugin-config";
import {
  defaultArm,
  type Policy,
  type PolicyArm,
  type PolicyRetries,
  type PolicyRoute,
  type PolicyService,
  type SocketPlace,
} from "../config/policy";
import { HEADER_ARM } from "../contract";
import { PLUGIN_NAME } from "../istio/filter-object";
import { armPool } from "../istio/traffic-policy";
import { duration } from "../istio/kube-object";
import { statTags } from "../istio/stat-tags";
import { ExitCode, GanglionError } from "../lib/errors";
import { wasmFilter } from "../rig/wasm-filter";
import { clusterSettings, hashPolicy } from "./upstream-settings";

const TYPES = "type.googleapis.com/envoy.extensions.filters";
const ROUTER = `${TYPES}.http.router.v3.Router`;
const MANAGER = `${TYPES}.network.http_connection_manager.v3.HttpConnectionManager`;

/**
 * The bootstrap for a policy.
 *
 * @param config as the filter is to get it, with or without model
 * @param wasmPath path of the module as Envoy sees it
 * @throws GanglionError E_STANDALONE for an arm without address
 */
export function standaloneEnvoy(policy: Policy, config: PluginConfig, wasmPath: string): object {
  const { listen, admin } = policy.standalone;
  for (const service of policy.services) checkAddresses(service);
  return {
    node: { id: policy.name, cluster: policy.name },
    admin: { address: socketAddress(admin) },
    stats_config: {
      stats_tags: statTags().map(({ tagName, regex }) => ({ tag_name: tagName, regex })),
    },
    static_resources: {
      listeners: [
        {
          name: policy.name,
          address: socketAddress(listen),
          filter_chains: [{ filters: [manager(policy, config, wasmPath)] }],
        },
      ],
      clusters: policy.services.flatMap((service) =>
        service.arms.map((arm) => cluster(service, arm)),
      ),
    },
  };
}

function checkAddresses(service: PolicyService): void {
  const missing = service.arms.filter((arm) => arm.address === undefined).map((arm) => arm.name);
  if (service.arms.length > 0 && missing.length === 0) return;
  const what = missing.length > 0 ? `arms without address: ${missing.join(", ")}` : "no arms";
  throw new GanglionError("E_STANDALONE", `services.${service.name} has ${what}`, {
    hint: "A standalone Envoy needs `address: HOST:PORT` for each arm.",
    exitCode: ExitCode.badInput,
  });
}

function manager(policy: Policy, config: PluginConfig, wasmPath: string): object {
  const filter = wasmFilter({
    name: PLUGIN_NAME,
    rootId: PLUGIN_NAME,
    wasmPath,
    configurationJson: canonicalJson(config),
  });
  const typedConfig = {
    "@type": MANAGER,
    stat_prefix: policy.name,
    route_config: {
      name: policy.name,
      ignore_port_in_host_matching: true,
      virtual_hosts: policy.services.map((service) => ({
        name: service.name,
        domains: policy.services.length === 1 ? ["*"] : domains(service),
        routes: service.routes.flatMap((route) => routes(service, route)).concat(rest(service)),
      })),
    },
    http_filters: [
      filter,
      { name: "envoy.filters.http.router", typed_config: { "@type": ROUTER } },
    ],
  };
  return { name: "envoy.filters.network.http_connection_manager", typed_config: typedConfig };
}

/** By what names callers know the service; ports are ignored in matching. */
function domains(service: PolicyService): string[] {
  const authorities = service.routes.flatMap((route) => route.match.authority ?? []);
  const names = [service.host, service.name, ...authorities.map((one) => one.replace(/:\d+$/, ""))];
  return [...new Set(names)];
}

function routes(service: PolicyService, of: PolicyRoute): object[] {
  const chosen = defaultArm(of.arms);
  const named = of.arms.filter((arm) => arm !== chosen);
  return [
    ...named.map((arm) => route(service, of, arm, [headerIs(HEADER_ARM, arm.name)])),
    ...(chosen === undefined ? [] : [route(service, of, chosen, [])]),
  ];
}

function route(
  service: PolicyService,
  of: PolicyRoute,
  arm: PolicyArm,
  headers: readonly object[],
): object {
  const { path_exact: path, path_prefix: prefix, method } = of.match;
  const all = [...(method ? [headerIs(":method", method)] : []), ...headers];
  return {
    match: {
      ...(path ? { path } : { prefix: prefix || "/" }),
      ...(all.length === 0 ? {} : { headers: all }),
    },
    route: {
      cluster: clusterName(service, arm),
      // Zero, not Envoy's 15 s: what the policy leaves out means the same as in Istio.
      timeout: duration(of.timeoutMs ?? 0),
      ...hashPolicy(service.load_balancer),
      ...(of.retries === undefined || of.retries.attempts === 0
        ? {}
        : { retry_policy: retryPolicy(of.retries) }),
    },
  };
}

/** Whatever no route names still has to arrive. */
function rest(service: PolicyService): object[] {
  const arm = defaultArm(service.arms);
  if (arm === undefined) return [];
  return [
    {
      match: { prefix: "/" },
      route: {
        cluster: clusterName(service, arm),
        timeout: duration(0),
        ...hashPolicy(service.load_balancer),
      },
    },
  ];
}

function headerIs(name: string, exact: string): object {
  return { name, string_match: { exact } };
}

/** Envoy takes status codes apart from its conditions, where Istio takes both in one list. */
function retryPolicy(retries: PolicyRetries): object {
  const isCode = (word: string): boolean => /^\d+$/.test(word);
  const codes = retries.on.filter(isCode).map(Number);
  const conditions = retries.on.filter((word) => !isCode(word));
  if (codes.length > 0) conditions.push("retriable-status-codes");
  return {
    retry_on: conditions.join(),
    ...(codes.length === 0 ? {} : { retriable_status_codes: codes }),
    num_retries: retries.attempts,
    ...(retries.perTryTimeoutMs === undefined
      ? {}
      : { per_try_timeout: duration(retries.perTryTimeoutMs) }),
    ...(retries.backoffMs === undefined
      ? {}
      : { retry_back_off: { base_interval: duration(retries.backoffMs) } }),
  };
}

function clusterName(service: PolicyService, arm: PolicyArm): string {
  return `${service.name}-${arm.name}`;
}

function cluster(service: PolicyService, arm: PolicyArm): object {
  const address = arm.address as SocketPlace;
  const name = clusterName(service, arm);
  const isNumeric = /^[\d.]+$|:/.test(address.address);
  return {
    name,
    type: isNumeric ? "STATIC" : "STRICT_DNS",
    ...clusterSettings({ ...service, pool: armPool(service, arm) }),
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }],
    },
  };
}

function socketAddress(place: SocketPlace): object {
  return { socket_address: { address: place.address, port_value: place.port } };
}
