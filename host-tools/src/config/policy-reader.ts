// Reads a ganglion.yaml into a Policy: first each member as its description says, then what needs
// several of them. Values that end up in the filter's configuration are passed on as they are:
// their bounds stand in the contract and are checked once, on the compiled form.

import { ExitCode, GanglionError } from "../lib/errors";
import type { Policy, PolicySettings, StandaloneFacts } from "./policy";
import { meshOf } from "./policy-mesh";
import { policyFaultLine, type PolicyPlace, PolicySource, type RefuseAt } from "./policy-node";
import { checkPolicy } from "./policy-rules";
import { policyShape, type PolicyValues, settingFields } from "./policy-schema";
import { serviceOf, socketOf } from "./policy-service";
import { placeOf, readShape } from "./shape/read-shape";

const POLICY_BYTES_MAX = 1024 * 1024;
const FAULTS_SHOWN_MAX = 20;

/** What somebody else than the file says, in the place of what it says. */
export interface PolicyOverrides {
  /** For `mesh.namespace`. */
  readonly namespace?: string | undefined;
}

/**
 * Reads a policy.
 *
 * @param text YAML 1.2 of at most 1 MiB
 * @param file how complaints call it
 * @throws GanglionError E_POLICY with one line per complaint, each `file:line:column: path:
 *   message`
 */
export function readPolicy(text: string, file: string, overrides: PolicyOverrides = {}): Policy {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) {
    throw policyError([`${file}: has more than ${POLICY_BYTES_MAX} bytes`]);
  }
  const source = new PolicySource(text);
  throwFaults(source, file);
  const root = source.root();
  const values = root.isMap ? readShape(policyShape, root) : undefined;
  if (values === undefined) root.refuse("a policy is a mapping with version: 1 and services");
  throwFaults(source, file);
  const policy = policyOf(values as PolicyValues, source, file, overrides);
  throwFaults(source, file);
  checkPolicy(policy, (place, message, scalar) => source.refuse(place, message, scalar));
  throwFaults(source, file);
  return policy;
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

function policyOf(
  values: PolicyValues,
  source: PolicySource,
  file: string,
  { namespace }: PolicyOverrides,
): Policy {
  const refuse: RefuseAt = (place, message, scalar) => source.refuse(place, message, scalar);
  const said = meshOf(values.mesh);
  const mesh = { ...said, namespace: namespace ?? said.namespace };
  return {
    ...values,
    file,
    settings: settingsOf(values),
    settingPlaces: settingPlacesOf(values),
    istioNeeds: source.istioNeeds,
    mesh,
    standalone: standaloneOf(values.envoy, refuse),
    services: [...values.services].map(([name, service]) =>
      serviceOf(name, service, mesh.namespace, refuse),
    ),
  };
}

function settingsOf(values: PolicyValues): PolicySettings {
  const keys = Object.keys(settingFields) as (keyof PolicySettings)[];
  const said = keys.filter((key) => values[key] !== undefined);
  return Object.fromEntries(said.map((key) => [key, values[key]]));
}

function settingPlacesOf(values: PolicyValues): Map<string, PolicyPlace> {
  return new Map(Object.keys(values).map((key) => [key, placeOf(values, key)]));
}

function standaloneOf(envoy: PolicyValues["envoy"], refuse: RefuseAt): StandaloneFacts {
  return {
    listen: socketOf(envoy?.listen, envoy ?? {}, refuse, "listen") ?? {
      address: "127.0.0.1",
      port: 10000,
    },
    admin: socketOf(envoy?.admin, envoy ?? {}, refuse, "admin") ?? {
      address: "127.0.0.1",
      port: 9901,
    },
  };
}
