// Reads one route of a policy: what it matches, which arms it may use, its timeout and retries, its
// limits and what an anomaly does. Timeouts and retries never reach the filter: Envoy keeps them.

import type { AnomalyConfig, EjectionConfig, MatchConfig, ModeConfig } from "./plugin-config";
import type { PolicyArm, PolicyRetries, PolicyRoute } from "./policy";
import { readLimit } from "./policy-limit";
import { nearest } from "../lib/nearest";
import type { KnownKeys, PolicyNode } from "./policy-node";

/** What a service says for all of its routes. */
export interface ServiceDefaults {
  readonly arms: readonly PolicyArm[];
  readonly mode: ModeConfig | undefined;
  readonly fallback: readonly string[] | undefined;
  readonly ejection: EjectionConfig | undefined;
}

/** One hour: no request of a mesh lives longer on purpose. */
const TIMEOUT_MS_MAX = 3_600_000;
const ATTEMPTS_MAX = 10;
/** Envoy's conditions; it ignores others without a word, so a typo would switch retries off. */
const RETRY_CONDITIONS = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];
const DEFAULT_RETRY_ON = ["connect-failure", "refused-stream", "unavailable"];

const routeKeys: KnownKeys = {
  keys: [
    "name",
    "match",
    "mode",
    "timeout_ms",
    "retries",
    "arms",
    "fallback",
    "ejection",
    "limits",
    "anomaly",
  ],
  later: {
    slo: "objectives are measured by a later release; metrics carry p50, p95 and p99 now",
    objective: "arms are chosen by latency, errors and weight",
    hedge: "hedging comes with a later release",
    deadline: "deadlines come with a later release",
  },
};
const matchKeys: KnownKeys = { keys: ["path_prefix", "path_exact", "method", "authority"] };
const retryKeys: KnownKeys = { keys: ["attempts", "per_try_timeout_ms", "on"] };
const ejectionKeys: KnownKeys = { keys: ["error_permille", "requests_min", "duration_ms"] };
const anomalyKeys: KnownKeys = {
  keys: ["act", "threshold_permille", "false_alarms_per_hour", "statistics", "sequence", "content"],
};

export function readRoute(node: PolicyNode, service: ServiceDefaults): PolicyRoute {
  const members = node.members(routeKeys);
  const name = members.get("name")?.text();
  if (name === undefined && !members.has("name")) node.refuse("name is missing");
  const fallback = members.get("fallback");
  const ejection = members.get("ejection");
  const arms = readArms(members.get("arms"), service.arms);
  return {
    name: name ?? "",
    match: readMatch(members.get("match")),
    mode: members.get("mode")?.choice(["shadow", "enforce"]) ?? service.mode,
    timeoutMs: members.get("timeout_ms")?.whole(0, TIMEOUT_MS_MAX),
    retries: readRetries(members.get("retries")),
    arms,
    fallback: fallback ? readTexts(fallback) : fallbackAmong(arms, service.fallback),
    ejection: ejection === undefined ? service.ejection : readEjection(ejection),
    limits: (members.get("limits")?.items() ?? []).map(readLimit),
    anomaly: readAnomaly(members.get("anomaly")),
    place: node.place,
  };
}

function readTexts(node: PolicyNode): string[] {
  return node.items().flatMap((item) => item.text() ?? []);
}

/** A route with fewer arms keeps the service's order among those that it has. */
function fallbackAmong(
  arms: readonly PolicyArm[],
  order: readonly string[] | undefined,
): string[] | undefined {
  return order?.filter((name) => arms.some((arm) => arm.name === name));
}

function readArms(node: PolicyNode | undefined, arms: readonly PolicyArm[]): readonly PolicyArm[] {
  if (node === undefined) return arms;
  return node.items().flatMap((item) => {
    const name = item.text();
    const arm = arms.find((candidate) => candidate.name === name);
    if (name !== undefined && arm === undefined) {
      item.refuse(`no arm of the service; there are ${arms.map((one) => one.name).join(", ")}`);
    }
    return arm ?? [];
  });
}

function readMatch(node: PolicyNode | undefined): MatchConfig {
  const members = [...(node?.members(matchKeys) ?? [])];
  return Object.fromEntries(members.map(([key, member]) => [key, member.single()]));
}

function readRetries(node: PolicyNode | undefined): PolicyRetries | undefined {
  if (node === undefined) return undefined;
  if (node.scalar === "none") return { attempts: 0, perTryTimeoutMs: undefined, on: [] };
  if (!node.isMap) {
    node.refuse("must be none, or a mapping with attempts");
    return undefined;
  }
  const members = node.members(retryKeys);
  const attempts = members.get("attempts")?.whole(1, ATTEMPTS_MAX);
  if (!members.has("attempts")) node.refuse("attempts is missing");
  const on = members.get("on");
  return {
    attempts: attempts ?? 0,
    perTryTimeoutMs: members.get("per_try_timeout_ms")?.whole(1, TIMEOUT_MS_MAX),
    on: on === undefined ? DEFAULT_RETRY_ON : readConditions(on),
  };
}

function readConditions(node: PolicyNode): string[] {
  return node.items().flatMap((item) => {
    const text = item.text();
    if (text !== undefined && !RETRY_CONDITIONS.includes(text) && !/^[45]\d\d$/.test(text)) {
      const guess = nearest(text, RETRY_CONDITIONS);
      const help = guess === undefined ? "e.g. 5xx, reset, 503" : `did you mean ${guess}?`;
      item.refuse(`is no retry condition of Envoy and no status code; ${help}`);
    }
    return text ?? [];
  });
}

/** The members of `ejection` as they are. */
export function readEjection(node: PolicyNode): EjectionConfig {
  const members = [...node.members(ejectionKeys)];
  return Object.fromEntries(members.map(([key, member]) => [key, member.single()]));
}

function readAnomaly(node: PolicyNode | undefined): AnomalyConfig | undefined {
  if (node === undefined) return undefined;
  const members = [...node.members(anomalyKeys)];
  return Object.fromEntries(members.map(([key, member]) => [key, member.single()]));
}
