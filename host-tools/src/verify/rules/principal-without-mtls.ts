// Who a caller is comes from its certificate. Where mutual TLS is off nobody has one, and a rule by
// principal or namespace matches nobody.

import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { mtlsMode } from "../mesh/mtls-mode";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { viewOf } from "../source/view";

const IDENTITIES = [
  "principals",
  "namespaces",
  "serviceAccounts",
  "notPrincipals",
  "notNamespaces",
];

export const principalWithoutMtls: Rule = {
  id: "principal-without-mtls",
  severity: "error",
  summary: "A policy asks who the caller is where mutual TLS is off, so that nobody is anybody.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("AuthorizationPolicy")) {
      const spec = viewOf(object).at("spec");
      const labels = spec.at("selector", "matchLabels").labels();
      const mtls = mtlsMode(mesh, object.namespace, labels);
      if (mtls?.mode !== "DISABLE") continue;
      const sources = spec
        .at("rules")
        .items()
        .flatMap((rule) => rule.at("from").items())
        .flatMap((from) => IDENTITIES.map((key) => from.at("source", key)))
        .filter((view) => view.exists);
      const [first] = sources;
      if (first === undefined) continue;
      yield {
        at: first,
        message:
          `${String(first.path.at(-1))} come from the caller's certificate, and mutual TLS is DISABLE by ` +
          `${objectName(mtls.at.object)}: 0 callers have one.`,
        advice: "Turn mutual TLS on for these pods.",
        fix: fixOf(setValue(mtls.at, "STRICT")),
        related: [{ at: mtls.at, message: "turns mutual TLS off" }],
      };
    }
  },
};
