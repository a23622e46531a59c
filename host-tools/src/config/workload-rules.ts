// Rules of a policy's own Deployments that no member can know alone. Each would render into objects
// that the API server takes and that never do what they say.

import { isScaled, podSetsOf, type PodSet, portsOf, serviceSelector } from "./pod-sets";
import type { Policy, PolicyService } from "./policy";
import { faultAt, type PlacedFault, type PolicyPlace } from "./policy-node";
import type { Workload } from "./policy-workload";
import { DNS_LABEL, fits } from "./shape/format";
import { isSaid, placeOf } from "./shape/read-shape";

/** Istio's own on every pod; https://istio.io/latest/docs/ops/deployment/application-requirements. */
const ISTIO_PORTS = [15000, 15001, 15002, 15004, 15006, 15008, 15020, 15021, 15053, 15090];

export function workloadFaults(policy: Policy): PlacedFault[] {
  const sets = policy.services.flatMap((service) => podSetsOf(service, policy));
  return [
    ...policy.services.flatMap((service) => serviceFaults(service, policy)),
    ...sets.flatMap((set) => setFaults(set, sets)),
  ];
}

function serviceFaults(service: PolicyService, policy: Policy): PlacedFault[] {
  const { workload, name, host } = service;
  if (workload === undefined) return strayFaults(service);
  const { namespace, intercept } = policy.mesh;
  const faults: PlacedFault[] = [];
  const refuse = (message: string, key?: string): void => {
    faults.push(faultAt(placeOf(workload, key), message));
  };
  const { port, metricsPort } = portsOf(service, workload);
  if (service.port === undefined) refuse(`services.${name}.port is missing: the Service needs it`);
  if (!host.startsWith(`${name}.${namespace}.svc.`)) {
    refuse(`a Service ${name} in ${namespace} is not the host ${host}; leave host or workload out`);
  }
  if (port !== undefined && ISTIO_PORTS.includes(port)) {
    refuse(`the application cannot listen on ${port}, which is Istio's own`, "port");
  }
  const intercepted = intercept?.ports;
  if (port !== undefined && intercepted !== undefined && !intercepted.includes(port)) {
    refuse(`calls to ${port} would pass by the proxy: mesh.intercept.ports leaves it out`, "port");
  }
  if (port !== undefined && intercept?.exclude_ports?.includes(port)) {
    refuse(`calls to ${port} would pass by the proxy: mesh.intercept.exclude_ports has it`, "port");
  }
  if (workload.metrics !== undefined && isRefused(metricsPort, policy)) {
    const otherwise =
      metricsPort === port
        ? "give metrics a port of its own and list that in mesh.intercept.exclude_ports"
        : "list this one in mesh.intercept.exclude_ports";
    const message =
      `mutual TLS refuses a Prometheus on port ${metricsPort}: set mesh.prometheus.merged, by which ` +
      `it reads proxy and application on one port, or ${otherwise}`;
    refuse(message, "metrics");
  }
  return [...faults, ...scalingFaults(service, workload, policy)];
}

/** True where who scrapes needs a certificate; the merged port takes plaintext in any mesh. */
function isRefused(port: number | undefined, { mesh }: Policy): boolean {
  const isOutside = mesh.intercept?.exclude_ports?.includes(port ?? 0) ?? false;
  return mesh.mtls === "strict" && mesh.prometheus?.merged === false && !isOutside;
}

/** An arm's Deployment is its service's; alone it would be dropped without a word. */
function strayFaults({ arms }: PolicyService): PlacedFault[] {
  return arms.flatMap(({ workload }) => {
    if (workload === undefined) return [];
    return [faultAt(placeOf(workload), "has no effect: the service itself has no workload")];
  });
}

function scalingFaults(service: PolicyService, workload: Workload, policy: Policy): PlacedFault[] {
  const { scaling } = service;
  if (scaling === undefined) return [];
  const faults: PlacedFault[] = [];
  const refuse = (place: PolicyPlace, message: string): void => {
    faults.push(faultAt(place, message));
  };
  const sets = podSetsOf(service, policy);
  const names = sets.map(({ name }) => name);
  const { deployment } = scaling;
  if (deployment !== undefined && !names.includes(deployment)) {
    const place = placeOf(scaling, "deployment");
    refuse(place, `${deployment} is no Deployment of the service; there are ${names.join(", ")}`);
  }
  const scaled = sets.filter(isScaled);
  const { signal } = scaling;
  if (signal?.query !== undefined && scaled.length > 1) {
    const message =
      `is one number for the whole service, and each of ${names.join(", ")} would get replicas ` +
      "for all of it: name one by deployment, or leave query out, and each has its own requests";
    refuse(placeOf(signal, "query"), message);
  }
  const unlabelled = scaled.find(({ labels }) => labels["version"] === undefined);
  if (signal !== undefined && sets.length > 1 && unlabelled !== undefined) {
    const message = `pods of ${unlabelled.name} have no label version, by which Istio counts requests`;
    refuse(placeOf(signal), message);
  }
  const unsized = scaled.find(({ resources }) => resources?.cpu_request === undefined);
  if (scaling.cpu_percent !== undefined && unsized !== undefined) {
    const message = `is a share of resources.cpu_request, which the workload of ${unsized.name} lacks`;
    refuse(placeOf(scaling, "cpu_percent"), message);
  }
  const owners = [workload, ...scaled.flatMap(({ arm }) => arm?.workload ?? [])];
  const said = scaled.length === sets.length ? owners : owners.slice(1);
  for (const owner of said.filter((one) => isSaid(one, "replicas"))) {
    refuse(placeOf(owner, "replicas"), "has no effect beside scaling; leave it out");
  }
  return faults;
}

function setFaults(set: PodSet, all: readonly PodSet[]): PlacedFault[] {
  const { service, name, arm, selector, workload } = set;
  const place = arm?.place ?? placeOf(workload);
  const faults: PlacedFault[] = [];
  if (!fits(name, DNS_LABEL)) {
    const message = `no Deployment can be called ${name}: name the subset in lower-case letters`;
    faults.push(faultAt(place, message));
  }
  const others = all.filter((other) => other !== set);
  const namesake = others.find((other) => other.name === name);
  if (namesake !== undefined && all.indexOf(namesake) < all.indexOf(set)) {
    const message = `its Deployment is called ${name}, as that of ${namesake.service.name}`;
    faults.push(faultAt(place, message));
  }
  if (!isPart(selector, set.labels)) {
    const message = `mesh.workloads takes labels away from ${name} by which its pods are found`;
    faults.push(faultAt(place, message));
  }
  const selectorTo = (other: PodSet) =>
    other.service === service ? selector : serviceSelector(service);
  const taken = others.find((other) => isPart(selectorTo(other), other.labels));
  if (taken !== undefined) {
    const words = Object.entries(selectorTo(taken)).map(([key, value]) => `${key}: ${value}`);
    const message = `its selector { ${words.join(", ")} } takes pods of ${taken.name} too`;
    faults.push(faultAt(place, message));
  }
  return faults;
}

function isPart(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
