// The rules of a VirtualService while a canary is under way, made from the rules without one. Every
// rule that sends to the stable subset becomes up to four, in this order, because Envoy takes the
// first that matches:
//
//   veto       x-ganglion-arm names the stable arm       -> 100 % stable  (the filter's guard)
//   tester     one of the testers' headers               -> 100 % canary
//   session    the cookie or header of a canary session  -> 100 % canary
//   the rule   what it matched before                    -> stable and canary by weight, mirror
//
// The three added rules carry the rule's name and a suffix; by these they are found and left out when
// the split is made again, so that any split of any split is a split of the original rules. A list in
// a VirtualService is owned as a whole, so there is no smaller part that could be written.

import { HEADER_ARM } from "../contract";
import type { Affinity, ArmPlace } from "./rollout-plan";
import { suffixPattern } from "./session-affinity";

export interface HttpDestination {
  readonly host?: string;
  readonly subset?: string;
  readonly port?: unknown;
}
export interface WeightedDestination {
  readonly destination?: HttpDestination;
  readonly weight?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
}
export interface HttpMatch {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}
/** A rule of `spec.http`; members that are none of ours are kept as they are. */
export interface HttpRule {
  readonly name?: string;
  readonly match?: readonly HttpMatch[];
  readonly route?: readonly WeightedDestination[];
  readonly mirrors?: readonly unknown[];
  readonly [member: string]: unknown;
}

export interface CanarySplit {
  readonly host: string;
  readonly stable: ArmPlace;
  readonly canary: ArmPlace;
  /** Percent of the canary. */
  readonly weight: number;
  /** Percent of requests that are copied to the canary. */
  readonly mirrorPercent: number;
  /** Members of a string match of Istio, by header. */
  readonly testers: readonly {
    readonly header: string;
    readonly exact?: string | undefined;
    readonly prefix?: string | undefined;
    readonly regex?: string | undefined;
  }[];
  readonly affinity: Affinity | undefined;
  /** Of the rollout; a session of an earlier one is no session of this one. */
  readonly id: string;
}

const VETO = "-canary-veto";
const TESTER = "-canary-tester";
const SESSION = "-canary-session";
const ADDED = new RegExp(`(${VETO}|${TESTER}|${SESSION})$`);

/** The rules with this split; the given ones may have another split already. */
export function splitHttp(http: readonly HttpRule[], split: CanarySplit): HttpRule[] {
  return http
    .filter((rule) => !ADDED.test(rule.name ?? ""))
    .flatMap((rule, index) =>
      isSplit(rule, split) ? rulesOf(rule, rule.name ?? `rule-${index}`, split) : [rule],
    );
}

/** Percent of the canary in every rule that is split; empty where none is. */
export function canaryWeights(http: readonly HttpRule[], split: CanarySplit): number[] {
  return http
    .filter((rule) => !ADDED.test(rule.name ?? "") && isSplit(rule, split))
    .map((rule) => weightOf(rule, split));
}

/** A rule of the stable subset, perhaps with the canary beside it; not one for a named arm. */
function isSplit(rule: HttpRule, { host, stable, canary }: CanarySplit): boolean {
  const destinations = (rule.route ?? []).map(({ destination }) => destination);
  const ours = [stable.subset, canary.subset];
  return (
    destinations.length > 0 &&
    destinations.every(
      (one) =>
        hostMatches(one?.host, host) && one?.subset !== undefined && ours.includes(one.subset),
    ) &&
    destinations.some((one) => one?.subset === stable.subset) &&
    !(rule.match ?? []).some(({ headers }) => headers?.[HEADER_ARM] !== undefined)
  );
}

/** The full name, or its first label as people write it. */
function hostMatches(host: string | undefined, wanted: string): boolean {
  return host === wanted || (host !== undefined && wanted.startsWith(`${host}.`));
}

function weightOf(rule: HttpRule, { canary }: CanarySplit): number {
  const route = rule.route ?? [];
  const found = route.find(({ destination }) => destination?.subset === canary.subset);
  return found === undefined ? 0 : (found.weight ?? (route.length === 1 ? 100 : 0));
}

function rulesOf(rule: HttpRule, name: string, split: CanarySplit): HttpRule[] {
  const { name: _name, match, route: _route, mirrors: _mirrors, ...rest } = rule;
  const stable = destinationOf(rule, split.stable, split.host);
  const canary = destinationOf(rule, split.canary, split.host);
  const asked = split.weight > 0 || split.testers.length > 0;
  const to = (suffix: string, header: Header, destination: WeightedDestination): HttpRule => ({
    name: `${name}${suffix}`,
    match: withHeader(match, header),
    route: [destination],
    ...rest,
  });
  const session = sessionHeader(split);
  return [
    ...(asked ? [to(VETO, [HEADER_ARM, { exact: split.stable.name }], stable)] : []),
    ...split.testers.map(({ header, ...match }) => to(TESTER, [header, match], canary)),
    ...(session === undefined ? [] : [to(SESSION, session, canary)]),
    {
      name,
      ...(match === undefined ? {} : { match }),
      route: weighted(stable, canary, split),
      ...rest,
      ...mirrorsOf(canary, split),
    },
  ];
}

type Header = readonly [name: string, match: object];

function withHeader(match: HttpRule["match"], [name, value]: Header): HttpMatch[] {
  const clean = JSON.parse(JSON.stringify(value)) as object;
  const list = match === undefined || match.length === 0 ? [{}] : match;
  return list.map((one) => ({ ...one, headers: { ...one.headers, [name]: clean } }));
}

function sessionHeader({ affinity, weight, id }: CanarySplit): Header | undefined {
  if (affinity === undefined || weight === 0 || weight === 100) return undefined;
  if (affinity.kind === "header") return [affinity.name, { regex: suffixPattern(weight) }];
  return ["cookie", { regex: `^(.*; ?)?${escaped(affinity.name)}=${id}(;.*)?$` }];
}

function weighted(
  stable: WeightedDestination,
  canary: WeightedDestination,
  { weight, affinity, id }: CanarySplit,
): WeightedDestination[] {
  // With a header that chooses the arm, whoever comes here was not chosen.
  const share = affinity?.kind === "header" && weight < 100 ? 0 : weight;
  const headers =
    affinity?.kind === "cookie" && weight > 0
      ? { headers: { response: { add: { "set-cookie": cookie(affinity, id) } } } }
      : {};
  return [
    { ...stable, weight: 100 - share },
    { ...canary, weight: share, ...headers },
  ];
}

function cookie(affinity: Affinity & { kind: "cookie" }, id: string): string {
  return `${affinity.name}=${id}; Max-Age=${affinity.maxAgeS}; Path=/; HttpOnly; SameSite=Lax`;
}

function mirrorsOf(canary: WeightedDestination, { mirrorPercent }: CanarySplit): object {
  if (mirrorPercent === 0) return {};
  const { destination } = canary;
  return { mirrors: [{ destination, percentage: { value: mirrorPercent } }] };
}

/** As the rule has it, with the subset changed, so that a port or the form of the host stays. */
function destinationOf(rule: HttpRule, arm: ArmPlace, host: string): WeightedDestination {
  const first = (rule.route ?? [])[0]?.destination;
  return { destination: { ...first, host: first?.host ?? host, subset: arm.subset } };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
