// One rate limit of a policy. Rates per value are written as a mapping under the rate itself,
// because that is how people say it: free 10, premium 100. `*` is everybody else; left out, a
// stranger gets the smallest rate that anybody listed has, never more.

import { RecordKind } from "../contract";
import type { PolicyLimit, PolicyLimitValue } from "./policy";
import { HEADER_NAME } from "./shape/format";
import { placeOf } from "./shape/read-shape";
import {
  choice,
  either,
  filterField,
  map,
  record,
  type Refuse,
  text,
  type ValueOf,
} from "./shape/shape";

/** Stands for every value that is not listed. */
const OTHERS = "*";

/** A number for everybody, or one per value with the rest under `*`. */
type Tiers = ReadonlyMap<string, number>;

const tiers = (key: string, help: string) =>
  either(
    help,
    {
      scalar: filterField<number>(RecordKind.Limit, key),
      map: map(
        "A number per value of the header; `*` for all others, by default the smallest rate.",
        filterField<number>(RecordKind.LimitValue, key),
        { countMin: 1 },
      ),
    },
    { required: true },
  );

const limitFields = {
  name: text("Name of the limit, in metrics and answers.", { required: true }),
  mode: choice("Whether refusals are carried out; by default the route's.", ["shadow", "enforce"]),
  key: record("What a bucket belongs to; without it there is one for everybody.", {
    header: text("Header whose value names the bucket.", { required: true, format: HEADER_NAME }),
  }),
  requests_per_second: tiers(
    "requests_per_second",
    "Rate at which tokens come back, for everybody or per value of the key.",
  ),
  burst: tiers("burst", "Tokens that a full bucket has, for everybody or per value of the key."),
};

export const limitShape = record("One rate limit of a route.", limitFields, {
  later: {
    tokens_per_minute: "token budgets come with a later release; limit requests for now",
    concurrency: "concurrency limits come with a later release",
  },
  check: checkTiers,
});
export type LimitValues = ValueOf<typeof limitShape>;

function checkTiers(
  limit: {
    readonly key: object | undefined;
    readonly requests_per_second: number | Tiers;
    readonly burst: number | Tiers;
  },
  refuse: Refuse,
): void {
  const { key, requests_per_second: rates, burst } = limit;
  if (isTiers(rates) && listed(rates).length > 0 && key === undefined) {
    refuse("key is missing: rates per value need `key: { header: NAME }`");
  }
  if (!isTiers(burst)) return;
  for (const value of listed(burst)) {
    if (isTiers(rates) && rates.has(value)) continue;
    refuse("has a burst, but no requests_per_second", placeOf(burst, value), burst.get(value));
  }
}

/** The limit with its values beside each other. */
export function limitOf(limit: LimitValues): PolicyLimit {
  const { requests_per_second: rates, burst } = limit;
  return {
    name: limit.name,
    mode: limit.mode,
    keyHeader: limit.key?.header,
    requestsPerSecond: othersOf(rates),
    burst: othersOf(burst),
    values: isTiers(rates) ? listed(rates).map((value) => valueOf(value, rates, burst)) : [],
    place: placeOf(limit),
  };
}

function valueOf(value: string, rates: Tiers, burst: number | Tiers): PolicyLimitValue {
  return {
    value,
    requestsPerSecond: rates.get(value),
    burst: isTiers(burst) ? (burst.get(value) ?? othersOf(burst)) : burst,
    place: placeOf(rates, value),
  };
}

function isTiers(value: number | Tiers): value is Tiers {
  return value instanceof Map;
}

function listed(tiersOf: Tiers): string[] {
  return [...tiersOf.keys()].filter((value) => value !== OTHERS);
}

/** What stands under `*`, else the smallest number listed. */
function othersOf(value: number | Tiers): number | undefined {
  if (!isTiers(value)) return value;
  const others = value.get(OTHERS);
  if (others !== undefined) return others;
  const numbers = [...value.values()].filter((one) => typeof one === "number");
  return numbers.length > 0 ? Math.min(...numbers) : undefined;
}
