// An annotation that sets a rule aside must say why; without a reason it is void.

import { IGNORE_ANNOTATION, ignoredRules } from "../ignore";
import type { Mesh } from "../mesh/mesh";
import type { Finding, Rule } from "../rule";
import { viewOf } from "../source/view";

export const ignoreWithoutReason: Rule = {
  id: "ignore-without-reason",
  severity: "warning",
  summary: "An annotation sets a rule aside without a reason, and is void.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.objects) {
      if (object.annotations[IGNORE_ANNOTATION] === undefined) continue;
      for (const [id, reason] of ignoredRules(object)) {
        if (reason !== "") continue;
        yield {
          at: viewOf(object).at("metadata", "annotations", IGNORE_ANNOTATION),
          message: `${id} is set aside without a reason, so it is not.`,
          advice: `Write "${id}: why it is right here".`,
        };
      }
    }
  },
};
