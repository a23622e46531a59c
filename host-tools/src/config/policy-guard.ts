// What a policy says of the filter's own guard over a canary: shares and chances. Left out, they
// follow the rollout's limit, so that a proxy never takes off what the rollout would let pass.

import type { Format } from "./shape/format";
import { placeOf } from "./shape/read-shape";
import { choice, type FieldValues, percent, real, type Refuse, text, whole } from "./shape/shape";

export const FALSE_KILL_PERMILLE = 5;
export const REQUESTS_MIN = 10;
export const ODDS_OVER_STABLE = 12;
/** A bad canary has this many times the errors of a healthy one, where the policy does not say. */
const BAD_FACTOR = 4;
const BAD_PERCENT_MAX = 99;

const REVISION: Format = {
  form: "visible ASCII",
  pattern: /^[!-~]{1,63}$/,
  says: "must be 1 to 63 visible characters of ASCII",
};

/** Members of `rollout.guard`. */
export const guardFields = {
  mode: choice("Whether a bad canary is taken off or only counted.", ["enforce", "shadow", "off"], {
    otherwise: "the mode of the route",
  }),
  revision: text(
    "Name of this try of the canary: a proxy that killed it lets it in again only under another one.",
    { format: REVISION, otherwise: "made from the arm's name, subset and labels" },
  ),
  healthy_error_percent: percent("Share of errors that a healthy canary may have.", {
    low: 0.01,
    high: 50,
    otherwise: "analysis.error_percent_max, at most 50",
  }),
  bad_error_percent: percent("Share of errors that a bad canary has.", {
    low: 0.02,
    high: BAD_PERCENT_MAX,
    otherwise: "four times healthy_error_percent, at most 99",
  }),
  false_kill_permille: real(
    "Chance that each of the guard's two tests kills a healthy canary in a proxy, doubled by 100,000 answers.",
    {
      low: 0.001,
      high: 100,
      unit: "permille",
      default: FALSE_KILL_PERMILLE,
    },
  ),
  odds_over_stable: whole(
    "Times the stable arm's odds of an error that make a canary bad, where baseline is compare and nothing is tolerated.",
    { low: 2, high: 1000, default: ODDS_OVER_STABLE },
  ),
  requests_min: whole("Answers of the canary before it can be killed.", {
    low: 1,
    high: 100_000,
    unit: "requests",
    default: REQUESTS_MIN,
  }),
} as const;

export type PolicyGuard = FieldValues<typeof guardFields>;

/** Shares of errors, in percent, between which the guard decides. */
export interface GuardShares {
  readonly healthy: number;
  readonly bad: number;
}

/** @param errorPercentMax the rollout's limit */
export function guardShares(guard: PolicyGuard | undefined, errorPercentMax: number): GuardShares {
  const healthy = guard?.healthy_error_percent ?? Math.min(errorPercentMax, 50);
  return {
    healthy,
    bad: guard?.bad_error_percent ?? Math.min(BAD_FACTOR * healthy, BAD_PERCENT_MAX),
  };
}

/** The rule over both of them. */
export function checkGuard(
  guard: PolicyGuard | undefined,
  errorPercentMax: number,
  refuse: Refuse,
): void {
  const { healthy, bad } = guardShares(guard, errorPercentMax);
  if (guard === undefined || bad > healthy) return;
  const at = placeOf(guard, "bad_error_percent");
  refuse(`must be above healthy_error_percent (${healthy})`, at, bad);
}
