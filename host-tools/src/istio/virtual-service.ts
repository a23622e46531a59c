// The VirtualService of one service: per route one rule for each arm that the routing header can
// name, then one without the header for the default arm, which is also what a request gets when the
// filter is off. Rules stand in the policy's order, so that Envoy's first match and the filter's
// are the same.

import { HEADER_ARM } from "../contract";
import type {
  Policy,
  PolicyArm,
  PolicyRetries,
  PolicyRoute,
  PolicyService,
} from "../config/policy";
import { defaultArm } from "../config/policy";
import { gatewayReference } from "./gateway";
import { duration, type KubeObject, metadata } from "./kube-object";

export function virtualService(service: PolicyService, policy: Policy): KubeObject {
  const { mesh } = policy;
  const gateways = gatewaysOf(service, policy);
  const catchesAll = service.routes.some((route) => Object.keys(uriMatch(route)).length === 0);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadata(service.name, mesh.namespace),
    spec: {
      hosts: hostsOf(service, policy),
      ...(gateways.length === 0 ? {} : { gateways }),
      http: [
        ...service.routes.flatMap((route) => routeRules(route, service)),
        ...(catchesAll ? [] : [restRule(service)]),
      ],
    },
  };
}

/** The service's own host, and those by which clients reach it through a gateway. */
function hostsOf(service: PolicyService, policy: Policy): string[] {
  const outer = gatewaysTo(service, policy).flatMap(([, { hosts }]) => hosts);
  return [...new Set([service.host, ...outer])];
}

/** Those of the mesh, and those that the policy opens to this service; then the mesh stays one. */
function gatewaysOf(service: PolicyService, policy: Policy): readonly string[] {
  const { gateways, namespace } = policy.mesh;
  const own = gatewaysTo(service, policy).map(([name]) => gatewayReference(name, namespace));
  if (own.length === 0) return gateways;
  return [...new Set([...own, ...(gateways.length === 0 ? ["mesh"] : gateways)])];
}

function gatewaysTo(service: PolicyService, { gateway }: Policy) {
  return [...(gateway ?? [])].filter(([, { service: name }]) => name === service.name);
}

function routeRules(route: PolicyRoute, service: PolicyService): unknown[] {
  const chosen = defaultArm(route.arms);
  const named = route.arms.filter((arm) => arm !== chosen);
  return [
    ...named.map((arm) =>
      rule(route, `${route.name}-${arm.name}`, service, arm, {
        headers: { [HEADER_ARM]: { exact: arm.name } },
      }),
    ),
    rule(route, route.name, service, chosen, {}),
  ];
}

function rule(
  route: PolicyRoute,
  name: string,
  service: PolicyService,
  arm: PolicyArm | undefined,
  header: object,
): unknown {
  const match = { ...uriMatch(route), ...header };
  return {
    name,
    ...(Object.keys(match).length === 0 ? {} : { match: [match] }),
    route: [{ destination: destination(service, arm) }],
    // None is what Istio has without the member; a timeout of 0 s it refuses.
    ...(route.timeoutMs ? { timeout: duration(route.timeoutMs) } : {}),
    ...(route.retries === undefined ? {} : { retries: retries(route.retries) }),
  };
}

/** Whatever no route names still has to arrive. */
function restRule(service: PolicyService): unknown {
  const destinations = [{ destination: destination(service, defaultArm(service.arms)) }];
  return { name: "rest", route: destinations };
}

function uriMatch(route: PolicyRoute): Record<string, unknown> {
  const { path_prefix: prefix, path_exact: exact, method } = route.match;
  return {
    ...(prefix ? { uri: { prefix } } : {}),
    ...(exact ? { uri: { exact } } : {}),
    ...(method ? { method: { exact: method } } : {}),
  };
}

function destination(service: PolicyService, arm: PolicyArm | undefined): unknown {
  return {
    host: service.host,
    ...(arm === undefined ? {} : { subset: arm.subset }),
    ...(service.port === undefined ? {} : { port: { number: service.port } }),
  };
}

function retries(policy: PolicyRetries): unknown {
  if (policy.attempts === 0) return { attempts: 0 };
  const perTry = policy.perTryTimeoutMs;
  return {
    attempts: policy.attempts,
    ...(perTry === undefined ? {} : { perTryTimeout: duration(perTry) }),
    ...(policy.backoffMs === undefined ? {} : { backoff: duration(policy.backoffMs) }),
    retryOn: policy.on.join(),
  };
}
