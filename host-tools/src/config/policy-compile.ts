// Compiles a policy to the filter's configuration. What the filter would refuse is refused here, with the
// place in the user's file instead of the place in a document that the user has never seen.

import { CONFIG_VERSION } from "../contract";
import { faultLine } from "./fault";
import type { ArmConfig, LimitConfig, PluginConfig, RouteConfig } from "./plugin-config";
import type { Policy, PolicyArm, PolicyLimit, PolicyRoute } from "./policy";
import type { PolicyPlace } from "./policy-node";
import { policyError, readPolicy } from "./policy-reader";
import { configFaults } from "./validate";

export interface CompiledPolicy {
  readonly policy: Policy;
  /** Valid, without model; epoch only if the policy has one. */
  readonly config: PluginConfig;
}

/**
 * Reads and compiles a policy.
 *
 * @param file how complaints call it
 * @throws GanglionError E_POLICY with one line per complaint, each `file:line:column: path: message`
 */
export function compilePolicy(text: string, file: string): CompiledPolicy {
  const policy = readPolicy(text, file);
  const routes = policy.services.flatMap((service) => service.routes);
  const config = {
    version: CONFIG_VERSION,
    ...policy.settings,
    routes: routes.map(compileRoute),
  } as PluginConfig;
  const complaints = [...serviceComplaints(policy), ...configComplaints(config, routes)].map(
    ({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`,
  );
  if (complaints.length > 0) throw policyError(complaints);
  return { policy, config };
}

interface Complaint {
  readonly place: PolicyPlace;
  readonly message: string;
}

/** With several services, only the authority tells whose request it is. */
function serviceComplaints(policy: Policy): Complaint[] {
  if (policy.services.length < 2) return [];
  return policy.services.flatMap((service) =>
    service.routes
      .filter((route) => !route.match.authority)
      .map((route) => ({
        place: route.place,
        message:
          `${route.place.path}: match.authority is missing: the filter runs in the callers' ` +
          "proxies and sees their requests to every service",
      })),
  );
}

function configComplaints(config: PluginConfig, routes: readonly PolicyRoute[]): Complaint[] {
  const start: PolicyPlace = { path: "", line: 1, column: 1 };
  return configFaults(config).map((fault) => ({
    place: placeOf(fault.path, routes) ?? start,
    message: faultLine(fault),
  }));
}

/** Where the thing was written that stands at this path of the compiled configuration. */
function placeOf(path: string, routes: readonly PolicyRoute[]): PolicyPlace | undefined {
  const route = routes[indexIn(path, "routes")];
  if (route === undefined) return undefined;
  const limit = route.limits[indexIn(path, "limits")];
  const value = limit?.values[indexIn(path, "values")];
  const arm = route.arms[indexIn(path, "arms")];
  return value?.place ?? limit?.place ?? arm?.place ?? route.place;
}

function indexIn(path: string, list: string): number {
  return Number(new RegExp(`\\b${list}\\[(\\d+)\\]`).exec(path)?.[1] ?? -1);
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
