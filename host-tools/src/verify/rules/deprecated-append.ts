// HeaderValueOption.append is deprecated in Envoy; append_action says the same and more.

import { renameMember } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { viewOf } from "../source/view";

export const deprecatedAppend: Rule = {
  id: "deprecated-append",
  severity: "warning",
  summary: "A header is added with the deprecated `append`, which Envoy warns of and will drop.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("EnvoyFilter")) {
      for (const option of viewOf(object).at("spec", "configPatches").everything()) {
        const append = option.at("append");
        if (!option.at("header").exists || typeof append.value !== "boolean") continue;
        const action = append.value ? "APPEND_IF_EXISTS_OR_ADD" : "OVERWRITE_IF_EXISTS_OR_ADD";
        yield {
          at: append,
          message: `\`append: ${String(append.value)}\` of header ${option.at("header", "key").text() ?? ""} is deprecated: every proxy logs a warning for it.`,
          advice: `Write append_action: ${action}.`,
          fix: fixOf(renameMember(append, "append_action", action)),
        };
      }
    }
  },
};
