// Which calls an answer waits for, one after another. Nothing in Istio's objects says it, so somebody has
// to: a policy file by `waits_for` of a route, or an annotation.

import { type CallStep, sequenceBudget } from "../../config/timeout-budget";
import { objectName } from "../source/mesh-object";
import { fullHost, serviceHost, shortHost } from "./host-name";
import type { HttpRoute } from "./http-route";
import type { Mesh } from "./mesh";
import { worstMs } from "./retry-time";

/**
 * Annotation of a Service or a workload: `intent, retrieval + history, llm/chat`. Commas part what is
 * called one after another, `+` what is called at once, `/` the callee from one of its routes. A route of
 * the caller's own goes before with a colon, and `;` parts several of those.
 */
const SEQUENCE_ANNOTATION = "ganglion.dev/calls-in-sequence";

/** Names of services, some with `/ROUTE`; an inner list is called at once. */
export interface ToldSequence {
  readonly from: string;
  /** The caller's route; undefined for all of its routes. */
  readonly route: string | undefined;
  readonly steps: readonly (readonly string[])[];
}

export interface CallSequence {
  /** Hosts, whole. */
  readonly from: string;
  readonly route: string | undefined;
  readonly steps: readonly (readonly Callee[])[];
  /** `waits_for of ganglion.yaml`, ... */
  readonly source: string;
}
export interface Callee {
  readonly host: string;
  readonly route: string | undefined;
}

export function toldSequence(
  told: ToldSequence,
  namespace: string,
  source: string,
): CallSequence | undefined {
  const calleeOf = (name: string): Callee => {
    const slash = name.indexOf("/");
    const host = slash < 0 ? name : name.slice(0, slash);
    const route = slash < 0 ? undefined : name.slice(slash + 1);
    return { host: fullHost(host, namespace), route };
  };
  const steps = told.steps
    .map((step) => step.filter(Boolean).map(calleeOf))
    .filter((step) => step.length > 0);
  if (steps.length === 0) return undefined;
  return { from: fullHost(told.from, namespace), route: told.route, steps, source };
}

export function annotatedSequences(mesh: Mesh): CallSequence[] {
  return mesh.objects.flatMap((object) => {
    const text = object.annotations[SEQUENCE_ANNOTATION];
    if (text === undefined) return [];
    const from = serviceHost(object.name, object.namespace);
    const source = `annotation ${SEQUENCE_ANNOTATION} of ${objectName(object)}`;
    return text.split(";").flatMap((entry) => {
      const told = { from, ...readEntry(entry) };
      return toldSequence(told, object.namespace, source) ?? [];
    });
  });
}

function readEntry(entry: string): Pick<ToldSequence, "route" | "steps"> {
  const colon = entry.indexOf(":");
  const steps = entry
    .slice(colon + 1)
    .split(",")
    .map((step) => step.split("+").map((name) => name.trim()));
  return { route: colon < 0 ? undefined : entry.slice(0, colon).trim(), steps };
}

/** A sequence with the time that the caller gives and that its calls may take. */
export interface TimedSequence extends CallSequence {
  /** The route of the caller that waits the longest, of those that are meant. */
  readonly caller: HttpRoute;
  /** The time of one try of it. */
  readonly givenMs: number;
  readonly timed: readonly CallStep[];
  readonly neededMs: number;
  readonly startsMs: readonly number[];
}

/** Undefined where the caller waits without end, or no call has a bound. */
export function timeSequence(mesh: Mesh, sequence: CallSequence): TimedSequence | undefined {
  const callers = routesNamed(mesh.routesInto(sequence.from), sequence.route);
  const given = callers.map((route) => ({ route, ms: tryMs(route) })).sort((a, b) => b.ms - a.ms);
  const [longest] = given;
  const timed = sequence.steps.map((step) => step.map((callee) => budgetOf(mesh, callee)));
  const isBounded = timed.flat().some(({ ms }) => ms !== undefined);
  if (longest === undefined || longest.ms === Infinity || !isBounded) return undefined;
  const { route: caller, ms: givenMs } = longest;
  return { ...sequence, caller, givenMs, timed, ...sequenceBudget(timed) };
}

/** All calls of one answer are made within one try of the caller. */
function tryMs({ timeoutMs, retries }: HttpRoute): number {
  const perTryMs = retries !== undefined && retries.attempts > 0 ? retries.perTryMs : undefined;
  return Math.min(timeoutMs ?? Infinity, perTryMs ?? Infinity);
}

/** Of a service with several routes and none named, the shortest: less it cannot take. */
function budgetOf(mesh: Mesh, { host, route }: Callee): CallStep[number] {
  const times = routesNamed(mesh.routesTo(host), route).flatMap((one) => worstMs(one) ?? []);
  const name = route === undefined ? shortHost(host) : `${shortHost(host)}/${route}`;
  return { name, ms: times.length === 0 ? undefined : Math.min(...times) };
}

function routesNamed(routes: readonly HttpRoute[], name: string | undefined): HttpRoute[] {
  return routes.filter((one) => name === undefined || one.view.at("name").text() === name);
}
