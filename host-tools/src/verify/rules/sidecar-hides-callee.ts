// A call that somebody has told, of a host that the caller's Sidecar does not import: its proxy has no
// cluster and no route for it (SidecarScope in Istio's pilot/pkg/model/sidecar.go). Under ALLOW_ANY the
// call goes out as unknown traffic, past every rule of the host and in plain text; under REGISTRY_ONLY
// it does not go out.

import { addItem } from "../fix/edit-view";
import type { Call } from "../mesh/call-graph";
import { clusterHost, hostMatches, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { selects } from "../mesh/workloads";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

export const sidecarHidesCallee: Rule = {
  id: "sidecar-hides-callee",
  severity: "error",
  summary:
    "A service calls a host that its own Sidecar does not import, past all rules of the host.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const call of mesh.calls.filter(({ told }) => told)) {
      const sidecar = sidecarOf(mesh, call.from);
      const lists = sidecar === undefined ? [] : egressHosts(sidecar);
      const namespace = namespaceOf(mesh, call.to);
      if (sidecar === undefined || lists.length === 0 || namespace === undefined) continue;
      const hosts = lists.flatMap((list) => list.texts());
      const imports = (host: string, where: string): boolean =>
        hosts.some((pattern) => covers(pattern, sidecar.object.namespace, host, where));
      if (imports(call.to, namespace) || reachedByRoute(mesh, call.to, imports)) continue;
      yield finding(call, namespace, sidecar, lists);
    }
  },
};

/** The one that holds for the caller's pods: selected, else of the namespace, else of the root namespace. */
function sidecarOf(mesh: Mesh, host: string): View | undefined {
  const place = clusterHost(host);
  const labels = mesh.workloadsOf(host)[0]?.labels ?? mesh.service(host)?.selector;
  if (place === undefined || labels === undefined) return undefined;
  const all = mesh.ofIstio("Sidecar").map(viewOf);
  const selectorOf = (view: View) => view.at("spec", "workloadSelector", "labels").labels();
  const isBare = (view: View) => Object.keys(selectorOf(view)).length === 0;
  const own = all.filter((view) => view.object.namespace === place.namespace);
  return (
    own.find((view) => !isBare(view) && selects(selectorOf(view), labels)) ??
    own.find(isBare) ??
    all.find((view) => view.object.namespace === mesh.rootNamespace && isBare(view))
  );
}

function egressHosts(sidecar: View): View[] {
  return sidecar
    .at("spec", "egress")
    .items()
    .map((egress) => egress.at("hosts"))
    .filter((hosts) => hosts.exists);
}

/** Where the host's Service or ServiceEntry is; undefined where neither is in the input. */
function namespaceOf(mesh: Mesh, host: string): string | undefined {
  const service = mesh.service(host);
  if (service !== undefined) return service.object.namespace;
  const entry = mesh
    .ofIstio("ServiceEntry")
    .find((object) => viewOf(object).at("spec", "hosts").texts().includes(host));
  return entry?.namespace;
}

/** `NAMESPACE/HOST`, of which the namespace may be `*`, `.` or `~` and the host a wildcard. */
function covers(pattern: string, own: string, host: string, namespace: string): boolean {
  const slash = pattern.indexOf("/");
  if (slash < 0) return false;
  const scope = pattern.slice(0, slash);
  const isIn = scope === "*" || scope === namespace || (scope === "." && namespace === own);
  return isIn && hostMatches(pattern.slice(slash + 1), host);
}

/** istiod adds what an imported VirtualService sends to. */
function reachedByRoute(
  mesh: Mesh,
  host: string,
  imports: (host: string, namespace: string) => boolean,
): boolean {
  return mesh.virtualServices.some(
    ({ hosts, object, routes }) =>
      hosts.some((one) => imports(one.host, object.namespace)) &&
      routes.some((route) => route.destinations.some((target) => target.host === host)),
  );
}

function finding(call: Call, namespace: string, sidecar: View, lists: readonly View[]): Finding {
  const [list] = lists;
  if (list === undefined) throw new Error("a Sidecar without egress hosts imports everything");
  const own = sidecar.object.namespace;
  const wanted = `${namespace === own ? "." : namespace}/${call.to}`;
  const count = lists.flatMap((one) => one.items()).length;
  return {
    at: list,
    message:
      `${shortHost(call.from)} calls ${shortHost(call.to)}, and of the ${count} egress hosts of ` +
      `${objectName(sidecar.object)} 0 cover it: its proxy knows no such host, so no timeout, retry or mutual TLS of ` +
      `it holds for the call, and under REGISTRY_ONLY it fails. Call known from ${call.source}.`,
    advice: `Add "${wanted}".`,
    fix: fixOf(addItem(list, wanted)),
  };
}
