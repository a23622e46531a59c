// Rules of a rendered VirtualService against the routes of the proxy, rule by rule under the same name:
// what they match, where they lead, how long they wait and how often they try.

import type { PolicyService } from "../config/policy";
import { defaultAnalysis, stepWeights } from "../config/policy-rollout";
import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer } from "./answer";
import { at, isSame, type Json, listAt, plain } from "./json-value";
import type { ProxyState } from "./proxy-state";

const RETRIABLE_CODES = "retriable-status-codes";

/** Nothing where the proxy has no route to any of the hosts and calls none of them. */
export function checkVirtualService(
  rules: KubeObject,
  service: PolicyService,
  state: ProxyState,
  isCalled: boolean,
): Answer[] {
  const hosts = (rules.spec["hosts"] ?? []) as readonly string[];
  const own = state.virtualHosts.filter(({ domains }) =>
    domains.some((domain) => hosts.includes(domain.replace(/:\d+$/, ""))),
  );
  if (own.length === 0) {
    if (!isCalled) return [];
    return [answer(service.name, "routes", "no", hosts.join(", "), "no route to this host")];
  }
  const routes = own.flatMap((one) => one.routes);
  return listAt(rules.spec, "http").flatMap((rule) => {
    const name = String(rule["name"]);
    const alike = routes.filter((route) => route["name"] === name);
    if (alike.length === 0) {
      return [answer(service.name, `route ${name}`, "no", describe(wanted(rule)), "no such route")];
    }
    return alike.flatMap((route) => routeAnswers(rule, route, service));
  });
}

function routeAnswers(rule: Json, route: Json, service: PolicyService): Answer[] {
  const name = String(rule["name"]);
  const pair = (item: string, said: unknown, found: unknown): Answer => {
    const verdict = isSame(said, found) ? "yes" : "no";
    const saidText = plain(said) ?? "none";
    const foundText = verdict === "yes" ? saidText : (plain(found) ?? "none");
    return answer(service.name, `${name} ${item}`, verdict, saidText, foundText);
  };
  const action = route["route"] as Json;
  const policy = action?.["retry_policy"];
  const retries = rule["retries"];
  return [
    pair("match", describe(wanted(rule)), describe(matched(route))),
    destinationAnswer(name, rule, route, service),
    ...(rule["timeout"] === undefined
      ? []
      : [pair("timeout_ms", rule["timeout"], action?.["timeout"])]),
    ...(retries === undefined ? [] : retryAnswers(retries as Json, policy, pair)),
  ];
}

function retryAnswers(
  retries: Json,
  policy: unknown,
  pair: (item: string, said: unknown, found: unknown) => Answer,
): Answer[] {
  const found = {
    attempts: at(policy, "num_retries") ?? 0,
    perTryTimeout: at(policy, "per_try_timeout"),
    backoff: at(policy, "retry_back_off", "base_interval"),
    retryOn: conditions(policy),
  };
  const items = {
    attempts: "retries.attempts",
    perTryTimeout: "retries.per_try_timeout_ms",
    backoff: "retries.backoff_ms",
    retryOn: "retries.on",
  } as const;
  return (Object.keys(items) as (keyof typeof items)[])
    .filter((key) => retries[key] !== undefined)
    .map((key) => {
      const said = key === "retryOn" ? sorted(String(retries[key])) : retries[key];
      return pair(items[key], said, found[key]);
    });
}

/** Istio moves numbers out of the list into one of their own. */
function conditions(policy: unknown): string {
  const names = String(at(policy, "retry_on") ?? "").split(",");
  const codes = ((at(policy, "retriable_status_codes") ?? []) as readonly number[]).map(String);
  return sorted([...names.filter((name) => name !== RETRIABLE_CODES), ...codes].join());
}

const sorted = (list: string): string => list.split(",").filter(Boolean).sort().join(",");

interface Match {
  readonly prefix?: unknown;
  readonly path?: unknown;
  readonly headers: readonly (readonly [string, unknown])[];
}

function wanted(rule: Json): Match {
  const match = listAt(rule, "match")[0] ?? {};
  const headers = Object.entries((match["headers"] ?? {}) as Json).map(
    ([name, value]) => [name, at(value, "exact")] as const,
  );
  const method = at(match, "method", "exact");
  return {
    prefix: at(match, "uri", "prefix"),
    path: at(match, "uri", "exact"),
    headers: [...headers, ...(method === undefined ? [] : [[":method", method] as const])],
  };
}

function matched(route: Json): Match {
  const match = (route["match"] ?? {}) as Json;
  return {
    prefix: match["prefix"],
    path: match["path"],
    headers: listAt(match, "headers").map(
      (one) =>
        [
          String(one["name"]),
          at(one, "string_match", "exact") ?? JSON.stringify(one["string_match"] ?? one),
        ] as const,
    ),
  };
}

/** E.g. `/api/* POST x-ganglion-arm=a`. */
function describe({ prefix, path, headers }: Match): string {
  const uri = path === undefined ? `${String(prefix ?? "/")}*` : String(path);
  const rest = headers.map(([name, value]) =>
    name === ":method" ? String(value) : `${name}=${String(value)}`,
  );
  return [uri, ...rest.sort()].join(" ");
}

/** Shares of the subsets. While a rollout is under way its own steps are right, too. */
function destinationAnswer(name: string, rule: Json, route: Json, service: PolicyService): Answer {
  const said = listAt(rule, "route").map(
    (one) =>
      [
        String(at(one, "destination", "subset") ?? ""),
        Number(one["weight"] ?? 100),
        String(at(one, "destination", "host")),
      ] as const,
  );
  const found = targets(route);
  const canary = service.arms.find((arm) => arm.name === service.rollout?.canary)?.subset;
  const share = found.find(([subset]) => subset === canary)?.[1];
  const steps = stepWeights(service.rollout?.analysis ?? defaultAnalysis());
  const isStep = share !== undefined && steps.includes(share);
  const verdict = shares(said) === shares(found) || isStep ? "yes" : "no";
  const saidText = isStep ? `${shares(said)}, a step of the rollout` : shares(said);
  return answer(service.name, `${name} arms`, verdict, saidText, shares(found));
}

type Target = readonly [subset: string, percent: number, host: string];

function targets(route: Json): Target[] {
  const single = at(route, "route", "cluster");
  const split = listAt(route, "route", "weighted_clusters", "clusters");
  const parts: (readonly [unknown, number])[] =
    single === undefined
      ? split.map((one) => [one["name"], Number(one["weight"] ?? 0)])
      : [[single, 100]];
  return parts.map(([cluster, percent]) => {
    const [, , subset = "", host = String(cluster)] = String(cluster).split("|");
    return [subset, percent, host];
  });
}

function shares(list: readonly Target[]): string {
  const parts = list
    .filter(([, percent]) => percent > 0)
    .map(
      ([subset, percent, host]) => `${percent} % ${subset === "" ? host : `${subset} of ${host}`}`,
    );
  return parts.sort().join(", ") || "nowhere";
}
