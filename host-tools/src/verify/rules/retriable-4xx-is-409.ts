// `retriable-4xx` is 409 Conflict and nothing else (Envoy's router_filter.rst, x-envoy-retry-on): a
// 429 is not retried by it.

import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";

const NAME = "retriable-4xx";

export const retriable4xxIs409: Rule = {
  id: "retriable-4xx-is-409",
  severity: "warning",
  summary: "retriable-4xx retries 409 Conflict alone, not 429 or any other 4xx.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { retries, name } of mesh.routes) {
      if (!retries?.conditions.includes(NAME)) continue;
      const rest = retries.conditions.filter((one) => one !== NAME);
      const said = rest.includes("409") ? rest : [...rest, "409"];
      const text = retries.view.at("retryOn");
      yield {
        at: text,
        message:
          `${name}: ${NAME} retries one 4xx status, 409 Conflict. ` +
          "A 429 is not retried, and should not be at once: its Retry-After says when.",
        advice: "Say 409 where you mean it, and leave 429 to a caller that waits.",
        fix: fixOf(setValue(text, said.join(","))),
      };
    }
  },
};
