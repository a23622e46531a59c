// One route of a policy: what it matches, which arms it may use, its timeout and retries, its
// limits and what an anomaly does. Timeouts and retries never reach the filter: Envoy keeps them.

import { RecordKind } from "../contract";
import type { AnomalyConfig, EjectionConfig, MatchConfig } from "./plugin-config";
import type { PolicyArm, PolicyRetries, PolicyRoute } from "./policy";
import { waitsForShape } from "./policy-calls";
import { limitOf, limitShape } from "./policy-limit";
import type { RefuseAt } from "./policy-node";
import { type Format } from "./shape/format";
import { placeOf } from "./shape/read-shape";
import {
  choice,
  durationMs,
  either,
  filterRecord,
  list,
  record,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

/** What a service says for all of its routes. */
export interface ServiceDefaults {
  readonly arms: readonly PolicyArm[];
  readonly mode: "shadow" | "enforce" | undefined;
  readonly fallback: readonly string[] | undefined;
  readonly ejection: EjectionConfig | undefined;
  /** The arm that a rollout brings in. */
  readonly canary: string | undefined;
}

const ATTEMPTS_MAX = 10;
const RETRY_ON_DEFAULT = ["connect-failure", "refused-stream", "unavailable"] as const;
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
/** Those that have a name; Istio refuses others. */
const STATUS_CODE = "4(0\\d|1[0-8]|2[1-689]|31|51)|5(0[0-8]|1[01])";
const RETRY_CONDITION: Format = {
  form: "condition or status code",
  pattern: new RegExp(`^(${RETRY_CONDITIONS.join("|")}|${STATUS_CODE})$`),
  says: "is no retry condition of Envoy and no status code",
  near: { words: RETRY_CONDITIONS, otherwise: "e.g. 5xx, reset, 503" },
};

export const modeShape = () =>
  choice("Whether verdicts are carried out or only counted.", ["shadow", "enforce"], {
    otherwise: "as the level above",
  });
export const fallbackShape = () =>
  list("Arms to try, in this order, when every arm with weight is ejected.", text("An arm."), {
    otherwise: "none",
  });
export const ejectionShape = () =>
  filterRecord<EjectionConfig>("When the filter takes a failing arm out.", RecordKind.Ejection);

const retriesShape = either(
  "How often Envoy tries again; `none` switches retries off.",
  {
    scalar: choice("No retries.", ["none"]),
    map: record("Retries of Envoy.", {
      attempts: whole("Tries after the first.", {
        low: 1,
        high: ATTEMPTS_MAX,
        unit: "retries",
        required: true,
      }),
      per_try_timeout_ms: durationMs("Of one try.", { otherwise: "what is left of timeout_ms" }),
      backoff_ms: durationMs("Base of the growing, random wait between tries.", {
        high: 60_000,
        istioMinor: 26,
        otherwise: "Envoy's own: 25",
      }),
      on: list(
        "Envoy's retry conditions and status codes.",
        text("A condition.", { format: RETRY_CONDITION }),
        { default: RETRY_ON_DEFAULT, example: "[connect-failure, '503']" },
      ),
    }),
  },
  { otherwise: "Istio's own: two retries on connection failures" },
);

const routeFields = {
  name: text("Name of the route, in metrics and logs; unique in the file.", { required: true }),
  match: filterRecord<MatchConfig>("Which requests the route takes.", RecordKind.Match),
  mode: modeShape(),
  timeout_ms: durationMs("Of the whole request with all its tries; 0 is none.", {
    low: 0,
    otherwise: "Istio's own: none",
  }),
  retries: retriesShape,
  waits_for: waitsForShape(),
  arms: list("Arms of the service that the route may use.", text("An arm."), {
    otherwise: "all of the service",
  }),
  fallback: fallbackShape(),
  ejection: ejectionShape(),
  limits: list("Rate limits, each of which must let a request pass.", limitShape, {
    otherwise: "none",
  }),
  anomaly: filterRecord<AnomalyConfig>("What the score of a request leads to.", RecordKind.Anomaly),
};

export const routeShape = record("One route of a service, in match order.", routeFields, {
  later: {
    slo: "objectives are measured by a later release; metrics carry p50, p95 and p99 now",
    objective: "arms are chosen by latency, errors and weight",
    hedge: "hedging comes with a later release",
    deadline: "deadlines come with a later release",
  },
});
export type RouteValues = ValueOf<typeof routeShape>;

/** The route with what the service says for all. */
export function routeOf(
  route: RouteValues,
  service: ServiceDefaults,
  refuse: RefuseAt,
): PolicyRoute {
  const arms = armsOf(route.arms, service, refuse);
  return {
    name: route.name,
    match: said(route.match) ?? {},
    mode: route.mode ?? service.mode,
    timeoutMs: route.timeout_ms,
    retries: retriesOf(route.retries),
    waitsFor: route.waits_for,
    arms,
    fallback: route.fallback ?? fallbackAmong(arms, service.fallback),
    ejection: said(route.ejection) ?? service.ejection,
    limits: (route.limits ?? []).map(limitOf),
    anomaly: said(route.anomaly),
    place: placeOf(route),
    retriesPlace: placeOf(route, "retries"),
  };
}

/** A record of the filter without the members that the file leaves out. */
export function said<T extends object>(value: T | undefined): T | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

/** A route with fewer arms keeps the service's order among those that it has. */
function fallbackAmong(
  arms: readonly PolicyArm[],
  order: readonly string[] | undefined,
): string[] | undefined {
  return order?.filter((name) => arms.some((arm) => arm.name === name));
}

/** Without a list all but the canary of a rollout, to which the rollout alone sends. */
function armsOf(
  names: readonly string[] | undefined,
  { arms, canary }: ServiceDefaults,
  refuse: RefuseAt,
): readonly PolicyArm[] {
  if (names === undefined) return arms.filter(({ name }) => name !== canary);
  return names.flatMap((name, index) => {
    const arm = arms.find((candidate) => candidate.name === name);
    if (arm === undefined) {
      const known = arms.map((one) => one.name).join(", ");
      refuse(placeOf(names, String(index)), `no arm of the service; there are ${known}`, name);
    }
    return arm ?? [];
  });
}

function retriesOf(retries: RouteValues["retries"]): PolicyRetries | undefined {
  if (retries === undefined) return undefined;
  if (retries === "none") {
    return { attempts: 0, perTryTimeoutMs: undefined, backoffMs: undefined, on: [] };
  }
  return {
    attempts: retries.attempts,
    perTryTimeoutMs: retries.per_try_timeout_ms,
    backoffMs: retries.backoff_ms,
    on: retries.on,
  };
}
