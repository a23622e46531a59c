// Which route of a configuration a request belongs to, by the filter's rule: the first whose method,
// authority and path agree.

import type { PluginConfig, RouteConfig } from "../config/plugin-config";
import type { HeaderSet } from "../embedded/header-set";

/** @returns index of the route, -1 where none matches */
export function routeIndex({ routes = [] }: PluginConfig, headers: HeaderSet): number {
  const path = (headers.get(":path") ?? "").split("?")[0]!;
  return routes.findIndex(({ match = {} }: RouteConfig) => {
    const { path_prefix: prefix, path_exact: exact, method, authority } = match;
    if (exact !== undefined && exact !== path) return false;
    if (prefix !== undefined && !path.startsWith(prefix)) return false;
    if (method !== undefined && method !== headers.get(":method")) return false;
    return authority === undefined || authority === headers.get(":authority");
  });
}
