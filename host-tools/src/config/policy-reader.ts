// Reads a ganglion.yaml into a Policy: the file as a whole, its mesh and its services. Routes and
// limits are read in policy-route.ts. Values that end up in the filter's configuration are passed
// on as they are: their bounds stand in the contract and are checked once, on the compiled form.

import { ExitCode, GanglionError } from "../lib/errors";
import type {
  IstioVersion,
  MeshFacts,
  Policy,
  PolicyArm,
  PolicyService,
  PolicySettings,
  SocketPlace,
  StandaloneFacts,
} from "./policy";
import {
  type KnownKeys,
  policyFaultLine,
  type PolicyNode,
  type PolicyPlace,
  PolicySource,
} from "./policy-node";
import { readEjection, readRoute, type ServiceDefaults } from "./policy-route";

const POLICY_BYTES_MAX = 1024 * 1024;
const FAULTS_SHOWN_MAX = 20;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const DEFAULT_ISTIO: IstioVersion = { major: 1, minor: 29 };

const settingKeys = [
  "epoch",
  "mode",
  "expose",
  "fast_half_life_ms",
  "slow_half_life_ms",
  "quantile_half_life_ms",
  "exploration_permille",
] as const;
const rootKeys: KnownKeys = {
  keys: ["version", "name", ...settingKeys, "mesh", "envoy", "services"],
  later: {
    calls: "timeouts along a call graph are checked by a later release",
    rollout: "canary steps come with a later release",
  },
};
const meshKeys: KnownKeys = { keys: ["istio", "namespace", "workloads", "gateways", "image"] };
const serviceKeys: KnownKeys = {
  keys: ["host", "port", "mode", "arms", "fallback", "ejection", "routes"],
  later: {
    pool: "write connection pools into a DestinationRule of your own for now",
    outlier_detection: "the filter's own ejection is set by `ejection`",
    budget: "token budgets come with a later release",
  },
};
const armKeys: KnownKeys = {
  keys: ["subset", "labels", "weight", "default", "address"],
  later: {
    cost: "arms are chosen by latency, errors and weight; leave prices out",
    zone: "arms are chosen by latency, errors and weight; leave zones out",
  },
};

/**
 * Reads a policy.
 *
 * @param text YAML 1.2 of at most 1 MiB
 * @param file how complaints call it
 * @throws GanglionError E_POLICY with one line per complaint, each `file:line:column: path:
 *   message`
 */
export function readPolicy(text: string, file: string): Policy {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) {
    throw policyError([`${file}: has more than ${POLICY_BYTES_MAX} bytes`]);
  }
  const source = new PolicySource(text);
  const policy = source.faults.length === 0 ? readRoot(source.root()) : undefined;
  throwFaults(source, file);
  // Every reader that returns less than a whole has complained, so nothing is missing here.
  return policy as Policy;
}

/** Throws what the source has collected, if anything. */
function throwFaults(source: PolicySource, file: string): void {
  if (source.faults.length === 0) return;
  const faults = [...source.faults].sort((a, b) => a.line - b.line || a.column - b.column);
  throw policyError(
    faults.map((fault) => `${file}:${fault.line}:${fault.column}: ${policyFaultLine(fault)}`),
  );
}

/** The error for a policy with these complaints. */
export function policyError(complaints: readonly string[]): GanglionError {
  const lines = complaints.slice(0, FAULTS_SHOWN_MAX);
  if (complaints.length > lines.length) lines.push(`and ${complaints.length - lines.length} more`);
  const message = ["the policy is refused:", ...lines].join("\n  ");
  return new GanglionError("E_POLICY", message, {
    hint: "docs/reference/policy.md describes the supported form.",
    exitCode: ExitCode.badInput,
  });
}

function readRoot(node: PolicyNode): Policy | undefined {
  if (!node.isMap) {
    node.refuse("a policy is a mapping with version: 1 and services");
    return undefined;
  }
  const members = node.members(rootKeys);
  const version = members.get("version");
  if (version === undefined) node.refuse("version is missing; the only one is 1");
  else if (version.scalar !== 1) version.refuse("must be 1");
  const mesh = readMesh(members.get("mesh"));
  const services = (members.get("services")?.entries() ?? []).map(([name, service]) =>
    readService(name, service, mesh.namespace),
  );
  if (services.length === 0) node.refuse("services is missing; a policy has at least one");
  return {
    name: readName(members.get("name")) ?? "ganglion",
    settings: readSettings(members),
    settingPlaces: readSettingPlaces(members),
    mesh,
    standalone: readStandalone(members.get("envoy")),
    services,
  };
}

function readSettings(members: ReadonlyMap<string, PolicyNode>): PolicySettings {
  const settings: Record<string, unknown> = {};
  for (const key of settingKeys) {
    const member = members.get(key);
    if (member !== undefined) settings[key] = member.single();
  }
  return settings as PolicySettings;
}

function readSettingPlaces(members: ReadonlyMap<string, PolicyNode>): Map<string, PolicyPlace> {
  return new Map([...members].map(([key, member]) => [key, member.place]));
}

function readName(node: PolicyNode | undefined): string | undefined {
  const name = node?.text();
  if (name !== undefined && !DNS_LABEL.test(name)) {
    node?.refuse("must be lower-case letters, digits and '-', at most 63");
  }
  return name;
}

function readMesh(node: PolicyNode | undefined): MeshFacts {
  const members = node?.members(meshKeys) ?? new Map<string, PolicyNode>();
  const gateways = (members.get("gateways")?.items() ?? []).flatMap((item) => item.text() ?? []);
  return {
    istio: readIstio(members.get("istio")),
    namespace: readName(members.get("namespace")) ?? "default",
    workloads: readLabels(members.get("workloads")),
    gateways,
    image: members.get("image")?.text(),
  };
}

function readIstio(node: PolicyNode | undefined): IstioVersion {
  if (node === undefined) return DEFAULT_ISTIO;
  const text = node.text();
  const version = text === undefined ? undefined : parseIstioVersion(text);
  if (text !== undefined && version === undefined) {
    node.refuse('must be a version such as "1.29", 1.24 or newer');
  }
  return version ?? DEFAULT_ISTIO;
}

/** `1.29` or `1.29.3`; undefined for anything else and for versions before 1.24. */
export function parseIstioVersion(text: string): IstioVersion | undefined {
  const match = /^1\.(\d{1,3})(\.\d+)?$/.exec(text);
  const minor = Number(match?.[1]);
  return match !== null && minor >= 24 ? { major: 1, minor } : undefined;
}

function readLabels(node: PolicyNode | undefined): Record<string, string> {
  const labels: [string, string][] = [];
  for (const [key, value] of node?.entries() ?? []) {
    const text = value.text();
    if (text === undefined) continue;
    if (!/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(text)) {
      value.refuse("is no label value: letters, digits, '-', '_', '.', at most 63");
    }
    labels.push([key, text]);
  }
  return Object.fromEntries(labels);
}

function readStandalone(node: PolicyNode | undefined): StandaloneFacts {
  const members = node?.members({ keys: ["listen", "admin"] });
  return {
    listen: readSocket(members?.get("listen")) ?? { address: "127.0.0.1", port: 10000 },
    admin: readSocket(members?.get("admin")) ?? { address: "127.0.0.1", port: 9901 },
  };
}

function readSocket(node: PolicyNode | undefined): SocketPlace | undefined {
  const text = node?.text();
  if (text === undefined) return undefined;
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    node?.refuse("must be ADDRESS:PORT, e.g. 127.0.0.1:8080");
    return undefined;
  }
  return { address: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}

function readService(name: string, node: PolicyNode, namespace: string): PolicyService {
  const members = node.members(serviceKeys);
  if (!DNS_LABEL.test(name)) node.refuse("a service's name is a Kubernetes service name");
  const host = members.get("host")?.text();
  if (host !== undefined && !DNS_NAME.test(host)) members.get("host")?.refuse("is no host name");
  const arms = (members.get("arms")?.entries() ?? []).map(([arm, of]) => readArm(arm, of));
  const fallback = members.get("fallback");
  const ejection = members.get("ejection");
  const defaults: ServiceDefaults = {
    arms,
    mode: members.get("mode")?.choice(["shadow", "enforce"]),
    fallback: fallback?.items().flatMap((item) => item.text() ?? []),
    ejection: ejection === undefined ? undefined : readEjection(ejection),
  };
  const routes = (members.get("routes")?.items() ?? []).map((route) => readRoute(route, defaults));
  if (routes.length === 0) node.refuse("routes is missing; a service has at least one");
  return {
    name,
    host: host ?? `${name}.${namespace}.svc.cluster.local`,
    port: members.get("port")?.whole(1, 65535),
    arms,
    routes,
  };
}

function readArm(name: string, node: PolicyNode): PolicyArm {
  const members = node.members(armKeys);
  const isDefault = members.get("default");
  if (isDefault !== undefined && typeof isDefault.scalar !== "boolean") {
    isDefault.refuse("must be true or false");
  }
  const subset = members.get("subset")?.text() ?? name;
  if (!/^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/.test(subset)) {
    (members.get("subset") ?? node).refuse("is no subset name");
  }
  const labels = readLabels(members.get("labels"));
  const weight = members.get("weight");
  return {
    name,
    weight: weight === undefined ? undefined : (weight.single() as number),
    isDefault: isDefault?.scalar === true,
    subset,
    labels: Object.keys(labels).length > 0 ? labels : { version: subset },
    address: readSocket(members.get("address")),
    place: node.place,
  };
}
