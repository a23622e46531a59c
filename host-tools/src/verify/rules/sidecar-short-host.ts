// Hosts of a Sidecar are NAMESPACE/HOST with the full name; a short one is refused or matches nothing.

import { setValue } from "../fix/edit-view";
import { serviceHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

export const sidecarShortHost: Rule = {
  id: "sidecar-short-host",
  severity: "error",
  summary:
    "A Sidecar's egress host is a short name: the object is refused, or the host matches nothing.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("Sidecar")) {
      for (const egress of viewOf(object).at("spec", "egress").items()) {
        for (const host of egress.at("hosts").items()) {
          const found = judge(host);
          if (found !== undefined) yield found;
        }
      }
    }
  },
};

function judge(view: View): Finding | undefined {
  const text = view.text() ?? "";
  const slash = text.indexOf("/");
  const host = text.slice(slash + 1);
  const short = /^[a-z0-9-]+$/i.test(host);
  if (text === "" || (slash >= 0 && !short)) return undefined;
  const scope = slash < 0 ? (short ? "." : "*") : text.slice(0, slash);
  const own = view.object.namespace;
  const namespace = scope === "." || scope === "*" || scope === "~" ? own : scope;
  const full = `${scope}/${short ? serviceHost(host, namespace) : host}`;
  return {
    at: view,
    message:
      slash < 0
        ? `"${text}" is not of the form NAMESPACE/HOST: Istio refuses the whole Sidecar, so none of its ` +
          `scope takes effect.`
        : `"${text}" matches no host: services are known by their full name, ` +
          `${serviceHost(host, namespace)}, so the proxy cannot see this one.`,
    advice: `Write "${full}".`,
    fix: fixOf(setValue(view, full)),
  };
}
