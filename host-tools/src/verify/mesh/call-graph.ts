// Who calls whom. Told by a policy file or an annotation where somebody has said it, else inferred
// from what the mesh lets a workload see or lets it do; each call knows where it comes from.

import { objectName } from "../source/mesh-object";
import { viewOf } from "../source/view";
import {
  annotatedSequences,
  type CallSequence,
  toldSequence,
  type ToldSequence,
} from "./call-sequence";
import { fullHost, serviceHost } from "./host-name";
import type { Mesh } from "./mesh";
import { selects } from "./workloads";

/** Annotation of a Service or a workload: names of what it calls, separated by commas. */
export const CALLS_ANNOTATION = "ganglion.dev/calls";

export interface ToldCalls {
  /** The file, as messages call it. */
  readonly from: string;
  readonly namespace: string;
  readonly calls: Readonly<Record<string, readonly string[]>>;
  /** What routes wait for. */
  readonly sequences: readonly ToldSequence[];
}

export interface Call {
  readonly from: string;
  readonly to: string;
  /** `calls of ganglion.yaml`, `Sidecar ai/x`, ... */
  readonly source: string;
  /** Somebody has said it; else it is inferred from what is allowed or seen, which need not be called. */
  readonly told: boolean;
}

export function inferCalls(mesh: Mesh, told: ToldCalls | undefined): readonly Call[] {
  const seen = new Map<string, Call>();
  const found = [
    ...toldCalls(told),
    ...annotated(mesh),
    ...mesh.sequences.flatMap(callsOf),
    ...bySidecar(mesh),
    ...byPolicy(mesh),
  ];
  for (const call of found) {
    const key = `${call.from} ${call.to}`;
    if (call.from !== call.to && !seen.has(key)) seen.set(key, call);
  }
  return [...seen.values()];
}

/** Sequences that somebody has told, each with its order. */
export function knownSequences(mesh: Mesh, told: ToldCalls | undefined): readonly CallSequence[] {
  const source = `waits_for of ${told?.from ?? ""}`;
  const inPolicy = (told?.sequences ?? []).flatMap(
    (one) => toldSequence(one, told?.namespace ?? "", source) ?? [],
  );
  return [...inPolicy, ...annotatedSequences(mesh)];
}

function callsOf({ from, steps, source }: CallSequence): Call[] {
  return steps.flat().map(({ host }) => ({ from, to: host, source, told: true }));
}

function* toldCalls(told: ToldCalls | undefined): Iterable<Call> {
  for (const [from, targets] of Object.entries(told?.calls ?? {})) {
    for (const to of targets) {
      yield {
        from: fullHost(from, told?.namespace ?? ""),
        to: fullHost(to, told?.namespace ?? ""),
        source: `calls of ${told?.from ?? ""}`,
        told: true,
      };
    }
  }
}

function* annotated(mesh: Mesh): Iterable<Call> {
  for (const object of mesh.objects) {
    const text = object.annotations[CALLS_ANNOTATION];
    if (text === undefined) continue;
    const source = `annotation ${CALLS_ANNOTATION} of ${objectName(object)}`;
    for (const to of text
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean)) {
      const from = serviceHost(object.name, object.namespace);
      yield { from, to: fullHost(to, object.namespace), source, told: true };
    }
  }
}

/** A sidecar of selected pods that may see a host is there to call it. */
function* bySidecar(mesh: Mesh): Iterable<Call> {
  for (const object of mesh.ofIstio("Sidecar")) {
    const spec = viewOf(object).at("spec");
    const labels = spec.at("workloadSelector", "labels").labels();
    if (Object.keys(labels).length === 0) continue;
    const hosts = spec
      .at("egress")
      .items()
      .flatMap((egress) => egress.at("hosts").texts())
      .map((host) => host.split("/").at(-1) ?? "")
      .filter((host) => host.includes(".") && !host.includes("*"));
    for (const from of hostsOf(mesh, object.namespace, labels)) {
      for (const to of hosts) yield { from, to, source: objectName(object), told: false };
    }
  }
}

/** An account that is named in an ALLOW is let in because it calls. */
function* byPolicy(mesh: Mesh): Iterable<Call> {
  for (const object of mesh.ofIstio("AuthorizationPolicy")) {
    const spec = viewOf(object).at("spec");
    const labels = spec.at("selector", "matchLabels").labels();
    if (spec.at("action").text() === "DENY" || Object.keys(labels).length === 0) continue;
    const principals = spec
      .at("rules")
      .items()
      .flatMap((rule) => rule.at("from").items())
      .flatMap((from) => from.at("source", "principals").texts());
    for (const to of hostsOf(mesh, object.namespace, labels)) {
      for (const from of principals.flatMap((one) => callersOf(mesh, one))) {
        yield { from, to, source: objectName(object), told: false };
      }
    }
  }
}

function callersOf(mesh: Mesh, principal: string): string[] {
  const match = /\/ns\/([a-z0-9-]+)\/sa\/([a-z0-9.-]+)$/.exec(principal);
  const [, namespace, account] = match ?? [];
  if (namespace === undefined || account === undefined) return [];
  const hosts = mesh.workloads
    .filter((one) => one.object.namespace === namespace && one.account === account)
    .flatMap((one) => hostsOf(mesh, namespace, one.labels));
  return hosts.length > 0 ? hosts : [serviceHost(account, namespace)];
}

/** Hosts of the services whose pods have these labels; by the `app` label where there is none. */
function hostsOf(mesh: Mesh, namespace: string, labels: Record<string, string>): string[] {
  const pods = mesh.workloads.filter(
    (one) => one.object.namespace === namespace && selects(labels, one.labels),
  );
  const known = mesh.services.filter(
    ({ object, selector }) =>
      object.namespace === namespace &&
      Object.keys(selector).length > 0 &&
      (selects(selector, labels) ||
        selects(labels, selector) ||
        pods.some((pod) => selects(selector, pod.labels))),
  );
  if (known.length > 0) return known.map((service) => service.host);
  const app = labels["app"] ?? labels["app.kubernetes.io/name"];
  return app === undefined ? [] : [serviceHost(app, namespace)];
}
