// Policies that make free use of everything about traffic, at random from the description, and the
// objects that they render to.

import fc from "fast-check";
import { expect } from "vitest";
import { stringify } from "yaml";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { policyShape } from "../../../host-tools/src/config/policy-schema";
import type { AnyShape } from "../../../host-tools/src/config/shape/shape";
import { shapeEntries } from "../../../host-tools/src/config/shape/shape-paths";
import { filterImage, filterKind } from "../../../host-tools/src/istio/filter-object";
import type { KubeObject } from "../../../host-tools/src/istio/kube-object";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import { fittingValue } from "../config/shape-values";

const TRAFFIC = ["Gateway", "ServiceEntry", "DestinationRule", "VirtualService", "Sidecar"];

function shapeOf(path: string): AnyShape {
  const found = shapeEntries(policyShape).find((entry) => entry.path === path);
  if (found === undefined) throw new Error(`no member ${path}`);
  return found.shape;
}

const optional = (path: string) => fc.option(fittingValue(shapeOf(path)), { nil: undefined });

type Members = Record<string, unknown>;

/** What the rules over several members ask for, so that more than a few are taken. */
function ruled(upstream: Members): Members {
  const { pool, retry_budget: budget, outlier_detection: outliers, load_balancer: load } = upstream;
  const { retries_max: _, ...rest } = (pool ?? {}) as Members;
  return {
    ...upstream,
    ...(pool !== undefined && budget !== undefined ? { pool: rest } : {}),
    ...(outliers === undefined ? {} : { outlier_detection: ruledOutliers(outliers as Members) }),
    ...(typeof load === "object" ? { load_balancer: oneHash(load as Members) } : {}),
  };
}

function ruledOutliers(outliers: Members): Members {
  const whole = (value: unknown) => (value === undefined ? undefined : Math.round(value as number));
  return {
    ...outliers,
    consecutive_5xx: Math.max(1, (outliers["consecutive_5xx"] as number | undefined) ?? 5),
    consecutive_gateway_errors: 1,
    ejection_percent_max: whole(outliers["ejection_percent_max"]),
    healthy_percent_min: whole(outliers["healthy_percent_min"]),
  };
}

function oneHash(load: Members): Members {
  const [first] = Object.entries(load).filter(([, value]) => value !== false);
  return first === undefined ? { hash_source_ip: true } : Object.fromEntries([first]);
}

const upstream = {
  pool: optional("services.*.pool"),
  retry_budget: optional("services.*.retry_budget"),
  outlier_detection: optional("services.*.outlier_detection"),
  load_balancer: optional("services.*.load_balancer"),
};

/** Policies of one service that make free use of everything about traffic. */
export const trafficPolicies = fc.record({
  mesh: fc.record({ egress: optional("mesh.egress"), istio: fc.constant("1.31") }),
  gateway: fc.dictionary(
    fc.stringMatching(/^[a-z]{3,8}$/),
    fittingValue(shapeOf("gateway.*")).map((one) => ({ ...(one as object), service: "llm" })),
    { maxKeys: 2 },
  ),
  providers: fc.dictionary(
    fc.stringMatching(/^p[a-z]{3,8}$/),
    fittingValue(shapeOf("providers.*")).map((one) => ruled(one as Members)),
    { maxKeys: 2 },
  ),
  service: fc.record(upstream).map(ruled),
  route: fc.record({
    retries: optional("services.*.routes[].retries"),
    timeout_ms: fc.constantFrom(undefined, 0, 100, 3_600_000),
  }),
});
export type TrafficPolicy = ReturnType<(typeof trafficPolicies)["generate"]>["value"];

/** The objects of traffic, undefined where a rule over several members refuses the policy. */
export function trafficObjects(made: TrafficPolicy, minor: number): KubeObject[] | undefined {
  const { service, route, providers, ...rest } = made;
  const text = stringify({
    version: 1,
    ...rest,
    providers,
    calls: { llm: Object.keys(providers) },
    services: { llm: { ...service, routes: [{ name: "all", ...route }] } },
  });
  let objects: KubeObject[];
  try {
    const { policy, config } = compilePolicy(text, "p.yaml");
    const istio = { major: 1, minor };
    const image = filterImage("oci://registry.example/filter:1");
    const kind = filterKind("auto", istio);
    objects = manifests(policy, config, { kind, image, istio }).map(({ object }) => object);
  } catch (error) {
    expect((error as Error).message).toMatch(/^the policy is refused:/);
    return undefined;
  }
  return objects.filter(({ kind }) => TRAFFIC.includes(kind));
}
