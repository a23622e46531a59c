// Compiles a policy to the filter's configuration. What the filter would refuse is refused here,
// with the place in the user's file instead of the place in a document that the user has never
// seen.

import { CONFIG_VERSION } from "../contract";
import { compileGuard } from "./compile-guard";
import { faultLine } from "./fault";
import { operationsFaults } from "./operations-rules";
import type { ArmConfig, LimitConfig, PluginConfig, RouteConfig } from "./plugin-config";
import type { Policy, PolicyArm, PolicyLimit, PolicyRoute, PolicyService } from "./policy";
import { faultAt, type PlacedFault, type PolicyPlace } from "./policy-node";
import { policyError, type PolicyOverrides, readPolicy } from "./policy-reader";
import { configFaults } from "./validate";
import { workloadFaults } from "./workload-rules";

export interface CompiledPolicy {
  readonly policy: Policy;
  /** Valid, without model; epoch only if the policy has one. */
  readonly config: PluginConfig;
}

/**
 * Reads and compiles a policy.
 *
 * @param file how complaints call it
 * @throws GanglionError E_POLICY with one line per complaint, each `file:line:column: path:
 *   message`
 */
export function compilePolicy(
  text: string,
  file: string,
  overrides: PolicyOverrides = {},
): CompiledPolicy {
  const policy = readPolicy(text, file, overrides);
  const routes = policy.services.flatMap((service) => service.routes);
  const config = {
    version: CONFIG_VERSION,
    ...policy.settings,
    routes: policy.services.flatMap(compileService),
  } as PluginConfig;
  const complaints = [
    ...serviceComplaints(policy),
    ...operationsFaults(policy),
    ...workloadFaults(policy),
    ...configComplaints(config, policy, routes),
  ].map(({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`);
  if (complaints.length > 0) throw policyError(complaints);
  return { policy, config };
}

/** With several services, only the authority tells whose request it is. */
function serviceComplaints(policy: Policy): PlacedFault[] {
  if (policy.services.length < 2) return [];
  return policy.services.flatMap((service) =>
    service.routes
      .filter((route) => !route.match.authority)
      .map(({ place }) =>
        faultAt(
          place,
          "match.authority is missing: the filter runs in the callers' proxies and sees their " +
            "requests to every service",
        ),
      ),
  );
}

/** The faults of the compiled form, in the words and at the places of the user's file. */
function configComplaints(
  config: PluginConfig,
  policy: Policy,
  routes: readonly PolicyRoute[],
): PlacedFault[] {
  const start: PolicyPlace = { path: "", line: 1, column: 1 };
  return configFaults(config).map((fault) => {
    const place = routePlace(fault.path, routes) ?? policy.settingPlaces.get(fault.path) ?? start;
    const path = place === start ? fault.path : place.path;
    return { place, message: faultLine({ ...fault, path }) };
  });
}

/** Where something was written that stands below `routes` of the compiled configuration. */
function routePlace(path: string, routes: readonly PolicyRoute[]): PolicyPlace | undefined {
  const route = routes[indexIn(path, "routes")];
  if (route === undefined) return undefined;
  const arm = route.arms[indexIn(path, "arms")];
  const limit = route.limits[indexIn(path, "limits")];
  const value = limit?.values[indexIn(path, "values")];
  const leaf = path.slice(path.lastIndexOf("]") + 1).replace("key_header", "key.header");
  if (value !== undefined) return value.place;
  const { place } = limit ?? arm ?? route;
  return { ...place, path: `${place.path}${leaf === "" ? fallbackLeaf(path) : leaf}` };
}

/** `.fallback[2]`, the only path that ends in an index below a route. */
function fallbackLeaf(path: string): string {
  return /\.fallback\[\d+\]$/.exec(path)?.[0] ?? "";
}

function indexIn(path: string, list: string): number {
  return Number(new RegExp(`\\b${list}\\[(\\d+)\\]`).exec(path)?.[1] ?? -1);
}

function compileService(service: PolicyService): RouteConfig[] {
  const guard = compileGuard(service);
  return service.routes.map((route) => {
    const isGuarded = route.arms.some((arm) => arm.name === guard?.stable);
    return { ...compileRoute(route), ...(isGuarded ? { canary: guard } : {}) };
  });
}

function compileRoute(route: PolicyRoute): RouteConfig {
  return {
    name: route.name,
    ...(Object.keys(route.match).length === 0 ? {} : { match: route.match }),
    ...(route.mode === undefined ? {} : { mode: route.mode }),
    ...(route.arms.length === 0 ? {} : { arms: route.arms.map(compileArm) }),
    ...(route.fallback === undefined ? {} : { fallback: route.fallback }),
    ...(route.ejection === undefined ? {} : { ejection: route.ejection }),
    ...(route.limits.length === 0 ? {} : { limits: route.limits.map(compileLimit) }),
    ...(route.anomaly === undefined ? {} : { anomaly: route.anomaly }),
  };
}

function compileArm(arm: PolicyArm): ArmConfig {
  return {
    name: arm.name,
    ...(arm.weight === undefined ? {} : { weight: arm.weight }),
    ...(arm.isDefault ? { default: true } : {}),
  };
}

function compileLimit(limit: PolicyLimit): LimitConfig {
  const values = limit.values.map(({ value, requestsPerSecond, burst }) => ({
    value,
    requests_per_second: requestsPerSecond as number,
    burst: burst as number,
  }));
  return {
    name: limit.name,
    ...(limit.mode === undefined ? {} : { mode: limit.mode }),
    ...(limit.keyHeader === undefined ? {} : { key_header: limit.keyHeader }),
    requests_per_second: limit.requestsPerSecond as number,
    burst: limit.burst as number,
    ...(values.length === 0 ? {} : { values }),
  };
}
