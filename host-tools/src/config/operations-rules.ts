// Rules over several sections of security and operations: what each member alone may say, but not
// together. Each would render into objects that are accepted and never do what they say.

import type { Policy, PolicyService } from "./policy";
import { isExposed } from "./policy-tracing";
import { faultAt, type PlacedFault } from "./policy-node";
import { placeOf } from "./shape/read-shape";

export function operationsFaults(policy: Policy): PlacedFault[] {
  return [
    ...policy.services.flatMap((service) => serviceFaults(service, policy)),
    ...tenantFaults(policy),
    ...meshFaults(policy),
    ...tagFaults(policy),
  ];
}

function meshFaults({ mesh, settingPlaces, providers }: Policy): PlacedFault[] {
  const place = settingPlaces.get("mesh");
  if (place === undefined) return [];
  const faults: PlacedFault[] = [];
  if (mesh.deny_by_default && mesh.mtls === "off") {
    const message =
      "deny_by_default knows callers by their certificates, and mtls: off takes those away";
    faults.push(faultAt(place, message));
  }
  const ranges = mesh.intercept?.include_outbound_ranges;
  if (ranges !== undefined && !ranges.includes("*") && (providers?.size ?? 0) > 0) {
    const names = [...(providers?.keys() ?? [])].join(", ");
    const message = `calls to providers outside of the mesh (${names}) would pass by the proxy`;
    faults.push(faultAt(placeOf(ranges), message));
  }
  return faults;
}

function serviceFaults(service: PolicyService, policy: Policy): PlacedFault[] {
  const { mesh } = policy;
  const faults: PlacedFault[] = [];
  const refuse = (value: object, message: string) => {
    faults.push(faultAt(placeOf(value), message));
  };
  const { allow, global_limits: limits, scaling } = service;
  if (limits !== undefined && limits.length > 0 && mesh.rate_limit_service === undefined) {
    refuse(limits, "mesh.rate_limit_service is missing: without it no such limit ever refuses");
  }
  if (allow !== undefined && mesh.mtls === "off") {
    refuse(allow, "callers are known by their certificates, and mesh.mtls: off takes those away");
  }
  const isRecorded = mesh.prometheus !== undefined;
  if (scaling?.by === "hpa" && scaling.signal !== undefined && !isRecorded) {
    refuse(scaling.signal, "needs mesh.prometheus, which records the signal, or by: keda");
  }
  const strangers = allow === undefined ? [] : notAllowed(service, policy);
  if (allow !== undefined && strangers.length > 0) {
    refuse(allow, `calls says that ${strangers.join(", ")} calls the service, and no rule lets it`);
  }
  return faults;
}

/** Callers by `calls` that no rule names, by service or by account. */
function notAllowed(service: PolicyService, policy: Policy): string[] {
  const { calls } = policy;
  const named = new Set((service.allow ?? []).flatMap(({ from }) => from));
  const accountOf = (name: string): string =>
    policy.services.find((one) => one.name === name)?.account ?? name;
  return [...(calls ?? [])]
    .filter(([, callees]) => callees.includes(service.name))
    .map(([caller]) => caller)
    .filter((caller) => !named.has(caller) && !named.has(accountOf(caller)));
}

function tenantFaults({ mesh, services }: Policy): PlacedFault[] {
  const known = services.map(({ name }) => name);
  return [...(mesh.tenants ?? [])].flatMap(([, tenant]) =>
    tenant.services
      .filter((name) => !known.includes(name))
      .map((name) => faultAt(placeOf(tenant.services), `${name} is no service of this policy`)),
  );
}

/** A tag from a header that the filter is told never to write would never be there. */
function tagFaults({ mesh, settings }: Policy): PlacedFault[] {
  if (settings.expose !== "never") return [];
  return [...(mesh.tracing?.tags?.values() ?? [])].flatMap((tag) => {
    if (typeof tag === "string" || !isExposed(tag.from)) return [];
    return [faultAt(placeOf(tag, "from"), `${tag.from} is never written: expose is never`)];
  });
}
