// Fields of one `source` are ANDed, entries of `from` are ORed (authorization_policy.proto). Principals
// and namespaces side by side are therefore either a contradiction or say the same thing twice.

import { addItem, insertItem, removeValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

export const sourceAndForOr: Rule = {
  id: "source-and-for-or",
  severity: "error",
  summary:
    "Principals and namespaces in one source are ANDed: they contradict or repeat each other.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("AuthorizationPolicy")) {
      for (const rule of viewOf(object).at("spec", "rules").items()) {
        for (const from of rule.at("from").items()) {
          const found = judge(rule.at("from"), from.at("source"));
          if (found !== undefined) yield found;
        }
      }
    }
  },
};

function judge(list: View, source: View): Finding | undefined {
  const principals = source.at("principals").texts();
  const namespaces = source.at("namespaces").texts();
  const own = principals.map(namespaceOf);
  if (principals.length === 0 || namespaces.length === 0) return undefined;
  // With a wildcard for the namespace both fields say something.
  if (own.some((one) => one === undefined) || namespaces.some((one) => one.includes("*"))) {
    return undefined;
  }
  const inside = own.filter((one) => namespaces.includes(one ?? ""));
  if (inside.length === 0) return contradiction(list, source, principals, namespaces);
  return inside.length === own.length ? repetition(source, principals, namespaces) : undefined;
}

/** Of `cluster.local/ns/ai/sa/caller` it is `ai`; undefined where a wildcard stands for it. */
function namespaceOf(principal: string): string | undefined {
  return /\/ns\/([a-z0-9-]+)\/sa\//.exec(principal)?.[1];
}

function contradiction(
  list: View,
  source: View,
  principals: string[],
  namespaces: string[],
): Finding {
  const at = Number(source.path.at(-2));
  const { principals: _principals, ...other } = source.value as Record<string, unknown>;
  const second = { source: other };
  const last = list.items().length === at + 1;
  return {
    at: source.at("namespaces"),
    message:
      `A caller must be ${either(principals)} AND of namespace ${either(namespaces)}: ` +
      `0 callers are both, so this source lets nobody in.`,
    advice:
      "For OR write two entries of `from`; each alone then lets in, so look at both before you apply it.",
    fix: fixOf(
      removeValue(source.at("namespaces")),
      last ? addItem(list, second) : insertItem(list, at + 1, second),
    ),
  };
}

function repetition(source: View, principals: string[], namespaces: string[]): Finding {
  return {
    at: source.at("namespaces"),
    message:
      `Fields of one source are ANDed: ${either(principals)} is of namespace ${either(namespaces)} anyway, ` +
      "so `namespaces` adds 0 callers. If others of that namespace should get in, they do not.",
    advice:
      "Take `namespaces` out, which changes nothing; for OR write it as a second entry of `from`.",
    fix: fixOf(removeValue(source.at("namespaces"))),
  };
}

function either(names: readonly string[]): string {
  return names.join(" or ");
}
