// What an Envoy has been told, from its configuration dump: clusters and routes by their names.

import type { EnvoyAdmin } from "../../../host-tools/src/rig";

export interface Cluster {
  readonly name: string;
  readonly [member: string]: unknown;
}
export interface Route {
  readonly name?: string;
  readonly route?: {
    readonly timeout?: string;
    readonly retry_policy?: unknown;
    readonly [member: string]: unknown;
  };
}
export interface ToldConfig {
  readonly clusters: ReadonlyMap<string, Cluster>;
  /** Every route that has a name, of all route configurations. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Of the whole dump as JSON. */
  readonly bytes: number;
}

interface Dump {
  readonly configs?: readonly {
    readonly dynamic_active_clusters?: readonly { readonly cluster: Cluster }[];
    readonly dynamic_route_configs?: readonly { readonly route_config: RouteConfig }[];
  }[];
}
interface RouteConfig {
  readonly virtual_hosts?: readonly { readonly routes?: readonly Route[] }[];
}

export async function toldConfig(admin: EnvoyAdmin): Promise<ToldConfig> {
  const dump = (await admin.configDump()) as Dump;
  const parts = dump.configs ?? [];
  const clusters = parts.flatMap((part) => part.dynamic_active_clusters ?? []);
  const configs = parts.flatMap((part) => part.dynamic_route_configs ?? []);
  const routes = configs
    .flatMap(({ route_config: config }) => config.virtual_hosts ?? [])
    .flatMap((host) => host.routes ?? []);
  return {
    clusters: new Map(clusters.map(({ cluster }) => [cluster.name, cluster])),
    routes: new Map(routes.map((route) => [route.name ?? "", route])),
    bytes: JSON.stringify(dump).length,
  };
}
