// DENY is evaluated before ALLOW (authorization_policy.proto): a DENY that covers what an ALLOW lets
// in makes that ALLOW void.

import { removeValue, setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

export const denyOverAllow: Rule = {
  id: "deny-over-allow",
  severity: "error",
  summary:
    "A DENY matches everything that an ALLOW lets in; DENY goes first, so nobody gets through.",
  *check(mesh: Mesh): Iterable<Finding> {
    const policies = mesh.ofIstio("AuthorizationPolicy").map(viewOf);
    const allows = policies.filter(
      (view) => (view.at("spec", "action").text() ?? "ALLOW") === "ALLOW",
    );
    for (const deny of policies) {
      if (deny.at("spec", "action").text() !== "DENY") continue;
      for (const rule of deny.at("spec", "rules").items()) {
        const void_ = allows.filter((allow) => inScope(mesh, deny, allow) && covers(rule, allow));
        const [first] = void_;
        if (first !== undefined) yield finding(deny, rule, void_);
      }
    }
  },
};

/** True when the DENY holds for every pod that the ALLOW is for. */
function inScope(mesh: Mesh, deny: View, allow: View): boolean {
  const everywhere = deny.object.namespace === mesh.rootNamespace;
  if (!everywhere && deny.object.namespace !== allow.object.namespace) return false;
  const wanted = deny.at("spec", "selector", "matchLabels").labels();
  const labels = allow.at("spec", "selector", "matchLabels").labels();
  const targeted = deny.at("spec", "targetRefs").exists || deny.at("spec", "targetRef").exists;
  return !targeted && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** True when each rule of the ALLOW lets in only what this rule of the DENY refuses. */
function covers(deny: View, allow: View): boolean {
  const rules = allow.at("spec", "rules").items();
  return rules.length > 0 && rules.every((rule) => coversRule(deny, rule));
}

function coversRule(deny: View, allow: View): boolean {
  if (deny.at("when").items().length > 0) return false;
  return (
    coversPart(deny.at("from").items(), allow.at("from").items(), "source") &&
    coversPart(deny.at("to").items(), allow.at("to").items(), "operation")
  );
}

/** An alternative of the DENY that takes every alternative of the ALLOW; none is everything. */
function coversPart(deny: readonly View[], allow: readonly View[], key: string): boolean {
  if (deny.length === 0) return true;
  return deny.some((one) => {
    const fields = one.at(key).members();
    if (fields.length === 0) return true;
    return (
      allow.length > 0 &&
      allow.every((other) =>
        fields.every(([name, view]) =>
          coversField(name, view.texts(), other.at(key, name).texts()),
        ),
      )
    );
  });
}

function coversField(name: string, denied: string[], allowed: string[]): boolean {
  if (name.startsWith("not")) return false;
  // `*` in a source means authenticated, which only an ALLOW that names somebody implies.
  if (denied.includes("*")) return name === "methods" || name === "paths" || allowed.length > 0;
  return (
    allowed.length > 0 && allowed.every((one) => denied.some((pattern) => matches(pattern, one)))
  );
}

function matches(pattern: string, text: string): boolean {
  if (pattern === text) return true;
  if (pattern.endsWith("*")) return text.startsWith(pattern.slice(0, -1));
  return pattern.startsWith("*") && text.endsWith(pattern.slice(1));
}

function finding(deny: View, rule: View, allows: readonly View[]): Finding {
  const all = !rule.at("from").exists && !rule.at("to").exists && !rule.at("when").exists;
  const only = deny.at("spec", "rules").items().length === 1;
  const named = [...new Set(allows.map((allow) => allow.object.name))];
  const names = named.length > 4 ? `${named.slice(0, 3).join(", ")} and others` : named.join(", ");
  return {
    at: deny.at("spec", "action"),
    message:
      `${all ? "This DENY matches every request" : "This DENY matches all that is let in"}, and DENY is ` +
      `evaluated before ALLOW: of what ${names} ${named.length === 1 ? "allows" : "allow"}, 0 requests get through.`,
    advice: all
      ? "Deny by default with an ALLOW policy that has no rules: it allows nothing, and other ALLOWs add to it."
      : "Narrow it by notPrincipals, notPaths or notMethods, or take it out; AUDIT only records.",
    fix:
      all && only
        ? fixOf(setValue(deny.at("spec", "action"), "ALLOW"), removeValue(deny.at("spec", "rules")))
        : fixOf(only ? setValue(deny.at("spec", "action"), "AUDIT") : removeValue(rule)),
    related: allows.map((allow) => ({ at: allow, message: `${objectName(allow.object)} is void` })),
  };
}
