// Rate limits that let everything through: a global one without actions that ask the service, without
// the cluster of the service, or with another domain or other keys than the service has; a local one
// that is not enabled (rate_limit_filter and local_rate_limit_filter of Envoy's documentation).

import type { Mesh } from "../mesh/mesh";
import type { Finding, Rule } from "../rule";
import { checkGlobalLimit } from "../limits/global-limit";
import { checkLocalLimit } from "../limits/local-limit";
import { filtersOf } from "../limits/envoy-patches";

export const limitCannotFire: Rule = {
  id: "limit-cannot-fire",
  severity: "error",
  summary: "A rate limit is installed in a form in which it lets everything through.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const filter of filtersOf(mesh)) {
      if (filter.name.endsWith("ratelimit.v3.RateLimit")) yield* checkGlobalLimit(mesh, filter);
      if (filter.name.endsWith("local_ratelimit.v3.LocalRateLimit")) {
        yield* checkLocalLimit(mesh, filter);
      }
    }
  },
};
