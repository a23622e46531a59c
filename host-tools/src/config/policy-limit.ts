// Reads one rate limit of a policy. Rates per value are written as a mapping under the rate itself,
// because that is how people say it: free 10, premium 100. `*` is everybody else; left out, a
// stranger gets the smallest rate that anybody listed has, never more.

import type { PolicyLimit, PolicyLimitValue } from "./policy";
import type { KnownKeys, PolicyNode } from "./policy-node";

/** Stands for every value that is not listed. */
const OTHERS = "*";

const limitKeys: KnownKeys = {
  keys: ["name", "mode", "key", "requests_per_second", "burst"],
  later: {
    tokens_per_minute: "token budgets come with a later release; limit requests for now",
    concurrency: "concurrency limits come with a later release",
  },
};

/** A number for everybody, or one per value with the rest under `*`. */
interface Tiers {
  readonly others: unknown;
  readonly values: ReadonlyMap<string, PolicyNode>;
}

export function readLimit(node: PolicyNode): PolicyLimit {
  const members = node.members(limitKeys);
  const name = members.get("name")?.text();
  if (!members.has("name")) node.refuse("name is missing");
  const rates = readTiers(members.get("requests_per_second"), node, "requests_per_second");
  const bursts = readTiers(members.get("burst"), node, "burst");
  const keyHeader = readKey(members.get("key"));
  if (rates.values.size > 0 && keyHeader === undefined && !members.has("key")) {
    node.refuse("key is missing: rates per value need `key: { header: NAME }`");
  }
  for (const [value, burst] of bursts.values) {
    if (!rates.values.has(value)) burst.refuse("has a burst, but no requests_per_second");
  }
  return {
    name: name ?? "",
    mode: members.get("mode")?.choice(["shadow", "enforce"]),
    keyHeader,
    requestsPerSecond: rates.others,
    burst: bursts.others,
    values: [...rates.values].map(([value, rate]) => readValue(value, rate, bursts)),
    place: node.place,
  };
}

function readValue(value: string, rate: PolicyNode, bursts: Tiers): PolicyLimitValue {
  const own = bursts.values.get(value);
  return {
    value,
    requestsPerSecond: rate.single(),
    burst: own === undefined ? bursts.others : own.single(),
    place: rate.place,
  };
}

function readTiers(node: PolicyNode | undefined, limit: PolicyNode, key: string): Tiers {
  if (node === undefined) {
    limit.refuse(`${key} is missing`);
    return { others: undefined, values: new Map() };
  }
  if (!node.isMap) return { others: node.single(), values: new Map() };
  const values = new Map(node.entries());
  const others = values.get(OTHERS);
  values.delete(OTHERS);
  if (others !== undefined) return { others: others.single(), values };
  const listed = [...values.values()].map((value) => value.scalar);
  if (listed.length === 0) node.refuse("is empty");
  const numbers = listed.filter((value) => typeof value === "number");
  return { others: numbers.length > 0 ? Math.min(...numbers) : undefined, values };
}

function readKey(node: PolicyNode | undefined): string | undefined {
  const members = node?.members({ keys: ["header"] });
  if (node !== undefined && node.isMap && !members?.has("header")) node.refuse("header is missing");
  return members?.get("header")?.text();
}
