// A call that somebody has told, to a service whose ALLOW policies let the caller's account in nowhere:
// where any ALLOW holds for a pod, what none of them matches is refused (authorization_policy.proto).

import { addItem } from "../fix/edit-view";
import type { Call } from "../mesh/call-graph";
import { clusterHost, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { selects } from "../mesh/workloads";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

interface Account {
  readonly namespace: string;
  readonly name: string;
}

export const callerNotAllowed: Rule = {
  id: "caller-not-allowed",
  severity: "error",
  summary: "A service is called by an account that none of its ALLOW policies lets in.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const call of mesh.calls.filter(({ told }) => told)) {
      const account = accountOf(mesh, call.from);
      const allows = account === undefined ? [] : allowsOf(mesh, call.to);
      if (account === undefined || allows.length === 0) continue;
      if (allows.some((allow) => mayLetIn(allow, account))) continue;
      yield finding(call, account, allows);
    }
  },
};

/** Of the caller's pods, where they are known and all of one account; nothing is guessed from names. */
function accountOf(mesh: Mesh, host: string): Account | undefined {
  const pods = mesh.workloadsOf(host);
  const [first] = pods;
  if (first === undefined || pods.some((pod) => pod.account !== first.account)) return undefined;
  return { namespace: first.object.namespace, name: first.account };
}

/** ALLOW policies that hold for the callee's pods; none where one is bound in a way that we cannot tell. */
function allowsOf(mesh: Mesh, host: string): View[] {
  const place = clusterHost(host);
  if (place === undefined) return [];
  const labels = mesh.workloadsOf(host)[0]?.labels ?? mesh.service(host)?.selector;
  if (labels === undefined) return [];
  const policies = mesh
    .ofIstio("AuthorizationPolicy")
    .filter(({ namespace }) => namespace === place.namespace || namespace === mesh.rootNamespace)
    .map(viewOf)
    .filter((view) => (view.at("spec", "action").text() ?? "ALLOW") === "ALLOW")
    .filter(
      (view) => !view.at("spec", "targetRefs").exists && !view.at("spec", "targetRef").exists,
    );
  return policies.filter((view) =>
    selects(view.at("spec", "selector", "matchLabels").labels(), labels),
  );
}

/** True unless every rule names callers and the account is none of them. */
function mayLetIn(allow: View, account: Account): boolean {
  return allow
    .at("spec", "rules")
    .items()
    .some((rule) => {
      const from = rule.at("from").items();
      return from.length === 0 || from.some((one) => mayBe(one.at("source"), account));
    });
}

function mayBe(source: View, { namespace, name }: Account): boolean {
  const principals = source.at("principals").texts();
  const namespaces = source.at("namespaces").texts();
  const accounts = source.at("serviceAccounts").texts();
  // The trust domain is the mesh's own affair.
  const identity = `/ns/${namespace}/sa/${name}`;
  const byPrincipal = principals.some((one) =>
    /^[^*]*\*$|^\*/.test(one) ? true : one.endsWith(identity),
  );
  const byNamespace = namespaces.some((one) => one.includes("*") || one === namespace);
  const byAccount = accounts.some((one) => one === name || one === `${namespace}/${name}`);
  return (
    (principals.length === 0 || byPrincipal) &&
    (namespaces.length === 0 || byNamespace) &&
    (accounts.length === 0 || byAccount)
  );
}

function finding(call: Call, account: Account, allows: readonly View[]): Finding {
  const [first] = allows;
  if (first === undefined) throw new Error("a service without ALLOW policies lets everybody in");
  const principal = `cluster.local/ns/${account.namespace}/sa/${account.name}`;
  const places = allows.flatMap(principalsOf);
  const [place] = places;
  const names = allows.map(({ object }) => object.name);
  return {
    at: place ?? first.at("spec"),
    message:
      `${shortHost(call.from)} calls ${shortHost(call.to)} as ${principal}, and of ${allows.length} ALLOW ` +
      `${allows.length === 1 ? "policy" : "policies"} (${names.join(", ")}) 0 let that account in: every call is ` +
      `answered 403. Call known from ${call.source}.`,
    advice: `Add ${principal} to the callers, or take the call out of what is told.`,
    fix: place === undefined || places.length > 1 ? undefined : fixOf(addItem(place, principal)),
    related: allows.slice(1).map((allow) => ({
      at: allow.at("spec"),
      message: `${objectName(allow.object)} holds, too`,
    })),
  };
}

/** Lists of principals that a caller could be added to. */
function principalsOf(allow: View): View[] {
  return allow
    .at("spec", "rules")
    .items()
    .flatMap((rule) => rule.at("from").items())
    .map((from) => from.at("source", "principals"))
    .filter((view) => view.exists);
}
