// Whether one match of a route takes every request that another would take.

import type { View } from "../source/view";

/** True only where it is certain; regular expressions are compared as text. */
export function coversMatch(earlier: View, later: View): boolean {
  return earlier.members().every(([key, condition]) => {
    if (key === "name" || key === "statPrefix") return true;
    const other = later.at(key);
    if (!other.exists) return false;
    if (key === "headers" || key === "queryParams") {
      return condition.members().every(([name, one]) => coversText(one, other.at(name)));
    }
    if (key === "uri" || key === "authority" || key === "method" || key === "scheme") {
      return coversText(condition, other);
    }
    return JSON.stringify(condition.value) === JSON.stringify(other.value);
  });
}

/** Of two string matches: `{exact}`, `{prefix}`, `{regex}`; an empty one asks for presence. */
function coversText(earlier: View, later: View): boolean {
  if (!later.exists) return false;
  if (JSON.stringify(earlier.value) === JSON.stringify(later.value)) return true;
  if (earlier.members().length === 0) return true;
  const prefix = earlier.at("prefix").text();
  const text = later.at("prefix").text() ?? later.at("exact").text();
  return prefix !== undefined && text !== undefined && text.startsWith(prefix);
}
