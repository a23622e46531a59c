// Tries that cannot all happen: together they take longer than the route waits.

import { setValue } from "../fix/edit-view";
import type { HttpRoute } from "../mesh/http-route";
import { backoffMsMax, triesMsMax, triesSum } from "../mesh/retry-time";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { shownSeconds, trimmed } from "../source/duration";

/** Durations in a correction are whole multiples of this. */
const STEP_MS = 100;

export const retriesExceedTimeout: Rule = {
  id: "retries-exceed-timeout",
  severity: "error",
  summary: "The tries of a route, each with its own timeout, take longer than the route's timeout.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const { retries, timeoutMs } = route;
      if (retries === undefined || retries.attempts <= 0 || timeoutMs === undefined) continue;
      const total = triesMsMax(retries);
      if (total === undefined || total <= timeoutMs) continue;
      yield finding(route, timeoutMs);
    }
  },
};

function finding(route: HttpRoute, timeoutMs: number): Finding {
  const { retries, view, name } = route;
  if (retries?.perTryMs === undefined) throw new Error("a route without tries has no sum");
  const perTry = retries.view.at("perTryTimeout");
  const room = (timeoutMs - backoffMsMax(retries)) / (retries.attempts + 1);
  const fits = Math.floor(room / STEP_MS) * STEP_MS;
  const sum = triesSum(retries, retries.perTryMs);
  return {
    at: view.at("timeout"),
    message: `${name}: ${sum} > timeout ${shownSeconds(timeoutMs)}: the last try is cut short or never made.`,
    advice:
      fits > 0
        ? `Give each try ${shownSeconds(fits)}, or retry less often.`
        : "Retry less often: no try of useful length fits.",
    fix:
      fits > 0
        ? fixOf(setValue(perTry, `${trimmed(fits / 1000)}s`))
        : fixOf(setValue(retries.view, { attempts: 0 })),
    related: [{ at: retries.view, message: "the tries" }],
  };
}
