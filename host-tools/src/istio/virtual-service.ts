// The VirtualService of one service: per route one rule for each arm that the routing header can
// name, then one without the header for the default arm, which is also what a request gets when the
// filter is off. Rules stand in the policy's order, so that Envoy's first match and the filter's
// are the same.

import { HEADER_ARM } from "../contract";
import type {
  MeshFacts,
  PolicyArm,
  PolicyRetries,
  PolicyRoute,
  PolicyService,
} from "../config/policy";
import { defaultArm } from "../config/policy";
import { duration, type KubeObject, metadata } from "./kube-object";

export function virtualService(service: PolicyService, mesh: MeshFacts): KubeObject {
  const catchesAll = service.routes.some((route) => Object.keys(uriMatch(route)).length === 0);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadata(service.name, mesh.namespace),
    spec: {
      hosts: [service.host],
      ...(mesh.gateways.length === 0 ? {} : { gateways: mesh.gateways }),
      http: [
        ...service.routes.flatMap((route) => routeRules(route, service)),
        ...(catchesAll ? [] : [restRule(service)]),
      ],
    },
  };
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
    ...(route.timeoutMs === undefined ? {} : { timeout: duration(route.timeoutMs) }),
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
    retryOn: policy.on.join(),
  };
}
