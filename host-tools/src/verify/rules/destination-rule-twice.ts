// Several DestinationRules for one host in one namespace. istiod merges them: other subsets are added,
// but of two traffic policies, and of two subsets of one name, only the older rule's is taken
// (mergeDestinationRule in Istio's pilot/pkg/model/destination_rule.go).

import { removeObject, removeValue, setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import { fullHost, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

export const destinationRuleTwice: Rule = {
  id: "destination-rule-twice",
  severity: "error",
  summary:
    "Two DestinationRules of a host both have a traffic policy or a subset of one name: one is dropped.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const rules of groups(mesh)) {
      for (const [i, rule] of rules.entries()) {
        const before = rules.slice(0, i);
        const found = policyTwice(before, rule);
        if (found !== undefined) yield found;
        yield* subsetsTwice(before, rule);
      }
    }
  },
};

/** Rules that istiod merges: of one host, namespace, exportTo, for all workloads. */
function groups(mesh: Mesh): View[][] {
  const byKey = new Map<string, View[]>();
  for (const object of mesh.ofIstio("DestinationRule")) {
    const view = viewOf(object);
    const spec = view.at("spec");
    if (spec.at("workloadSelector").exists) continue;
    const host = fullHost(spec.at("host").text() ?? "", object.namespace);
    const key = JSON.stringify([host, object.namespace, spec.at("exportTo").texts().sort()]);
    const group = byKey.get(key) ?? [];
    // Two texts of one object are alternatives: in the cluster the later replaces the earlier.
    byKey.set(key, [...group.filter((one) => one.object.name !== object.name), view]);
  }
  return [...byKey.values()].filter((group) => group.length > 1);
}

function policyTwice(before: readonly View[], rule: View): Finding | undefined {
  const policy = rule.at("spec", "trafficPolicy");
  const first = before.find((one) => one.at("spec", "trafficPolicy").exists);
  if (first === undefined || !policy.exists) return undefined;
  const names = policy.members().map(([name]) => name);
  return {
    at: policy,
    message:
      `${hostOf(rule)} has 2 traffic policies, in ${first.object.name} and ${rule.object.name}: istiod takes the one ` +
      `of the older object and drops the other, here ${names.join(", ")}, whatever the order of the files.`,
    advice: `Put all of it into one: ${first.object.name}.`,
    fix: merged(first, rule),
    related: [{ at: first.at("spec", "trafficPolicy"), message: "the other policy" }],
  };
}

/** The second policy's members in the first, where they contradict nothing there. */
function merged(first: View, second: View): TextEdit[] | undefined {
  const target = first.at("spec", "trafficPolicy");
  const members = second.at("spec", "trafficPolicy").members();
  if (members.some(([name]) => target.at(name).exists)) return undefined;
  const isEmpty = !second.at("spec", "subsets").exists;
  return fixOf(
    setValue(target, {
      ...(target.value as object),
      ...Object.fromEntries(members.map(([name, view]) => [name, view.value])),
    }),
    isEmpty ? removeObject(second.object) : removeValue(second.at("spec", "trafficPolicy")),
  );
}

function* subsetsTwice(before: readonly View[], rule: View): Iterable<Finding> {
  const known = before.flatMap((one) => one.at("spec", "subsets").items());
  for (const subset of rule.at("spec", "subsets").items()) {
    const name = subset.at("name").text() ?? "";
    const twin = known.find((one) => one.at("name").text() === name);
    // The same twice is untidy and does no harm.
    if (twin === undefined || JSON.stringify(twin.value) === JSON.stringify(subset.value)) continue;
    yield {
      at: subset.at("name"),
      message:
        `Subset "${name}" of ${hostOf(rule)} is defined 2 times and differently, in ${twin.object.name} and ` +
        `${rule.object.name}: istiod takes the one of the older object.`,
      advice: "Define it once, or give one of them another name.",
      related: [{ at: twin.at("name"), message: `defined in ${objectName(twin.object)}, too` }],
    };
  }
}

function hostOf(rule: View): string {
  return shortHost(fullHost(rule.at("spec", "host").text() ?? "", rule.object.namespace));
}
