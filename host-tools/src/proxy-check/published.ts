// Whether a proxy publishes a counter. Istio's bootstrap lists what is (`stats_matcher`), by default next to
// nothing of its clusters; and Envoy there makes a cluster's counters when it is first called.

import { at, type Json, listAt } from "./json-value";

/** @param statsConfig of the bootstrap; without a matcher everything is published */
export function isPublished(statsConfig: unknown, name: string): boolean {
  const matcher = at(statsConfig, "stats_matcher");
  if (matcher === undefined) return true;
  if (at(matcher, "reject_all") === true) return false;
  const included = listAt(matcher, "inclusion_list", "patterns");
  const excluded = listAt(matcher, "exclusion_list", "patterns");
  if (excluded.length > 0) return !excluded.some((one) => isMatch(one, name));
  return included.length === 0 || included.some((one) => isMatch(one, name));
}

function isMatch(pattern: Json, name: string): boolean {
  const { prefix, suffix, exact, contains } = pattern;
  if (typeof prefix === "string") return name.startsWith(prefix);
  if (typeof suffix === "string") return name.endsWith(suffix);
  if (typeof exact === "string") return name === exact;
  if (typeof contains === "string") return name.includes(contains);
  const regex = at(pattern, "safe_regex", "regex");
  return typeof regex === "string" && isWholeMatch(regex, name);
}

/** Envoy's expressions match whole names. One that JavaScript does not know matches nothing here. */
function isWholeMatch(regex: string, name: string): boolean {
  try {
    return new RegExp(`^(?:${regex})$`).test(name);
  } catch {
    return false;
  }
}
