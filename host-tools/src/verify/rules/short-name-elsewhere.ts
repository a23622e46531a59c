// A short name is completed with the namespace of the object that it stands in, not of the service
// that was meant; a name with a dot is not completed at all.

import { setValue } from "../fix/edit-view";
import { serviceHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

export const shortNameElsewhere: Rule = {
  id: "short-name-elsewhere",
  severity: "error",
  summary: "A short host name means another namespace's service, or none at all.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const view of hostsOf(mesh)) {
      const found = judge(mesh, view);
      if (found !== undefined) yield found;
    }
  },
};

function* hostsOf(mesh: Mesh): Iterable<View> {
  for (const { view, routes } of mesh.virtualServices) {
    yield* view.at("spec", "hosts").items();
    for (const route of routes) {
      for (const target of route.destinations) yield target.view.at("destination", "host");
      yield route.view.at("mirror", "host");
    }
  }
  for (const object of mesh.ofIstio("DestinationRule")) yield viewOf(object).at("spec", "host");
}

function judge(mesh: Mesh, view: View): Finding | undefined {
  const text = view.text() ?? "";
  const own = view.object.namespace;
  const partial = /^([a-z0-9-]+)\.([a-z0-9-]+)(\.svc)?$/.exec(text);
  if (partial !== null) {
    const full = serviceHost(partial[1] ?? "", partial[2] ?? "");
    if (mesh.service(full) === undefined || mesh.externalHosts.has(text)) return undefined;
    return finding(
      view,
      full,
      `"${text}" has a dot and is taken as it is; no service has that name.`,
    );
  }
  if (!/^[a-z0-9-]+$/.test(text)) return undefined;
  const meant = serviceHost(text, own);
  if (mesh.service(meant) !== undefined || mesh.externalHosts.has(meant)) return undefined;
  const others = mesh.services.filter(({ object }) => object.name === text);
  const [other] = others;
  if (other === undefined || others.length > 1) return undefined;
  return finding(
    view,
    other.host,
    `"${text}" in namespace ${own} means ${meant}, which does not exist; the one Service ${text} is in ` +
      `${other.object.namespace}.`,
  );
}

function finding(view: View, full: string, message: string): Finding {
  return { at: view, message, advice: `Write ${full}.`, fix: fixOf(setValue(view, full)) };
}
