// Several VirtualServices for one host. A sidecar takes the first of them and drops the rest, so what
// the others say (a canary, a mirror, a fault) may never happen.

import { addItem, insertItem, removeObject } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import { shortHost } from "../mesh/host-name";
import type { VirtualService } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import type { View } from "../source/view";

interface Owner {
  readonly service: VirtualService;
  readonly at: View;
}

export const hostOwnedTwice: Rule = {
  id: "host-owned-twice",
  severity: "error",
  summary: "Several VirtualServices own one host for the sidecars: only one of them takes effect.",
  *check(mesh: Mesh): Iterable<Finding> {
    const byHost = new Map<string, Owner[]>();
    for (const service of mesh.virtualServices) {
      if (!service.gateways.includes("mesh")) continue;
      for (const { host, view } of service.hosts) {
        const owners = byHost.get(host) ?? [];
        if (owners.every((owner) => rivals(owner.service, service))) {
          byHost.set(host, [...owners, { service, at: view }]);
        }
      }
    }
    for (const [host, owners] of byHost) if (owners.length > 1) yield finding(host, owners);
  },
};

/**
 * Two versions of one object, such as alternatives in a folder, are no rivals: the later replaces. Nor are
 * two of different scope: a namespace's own goes before what is exported to it by name, and that before
 * what all see, which is how one is overridden (SelectVirtualServices in pilot/pkg/model/virtualservice.go).
 */
function rivals(a: VirtualService, b: VirtualService): boolean {
  const same = a.object.name === b.object.name && a.object.namespace === b.object.namespace;
  const others = scopesOf(b);
  return !same && scopesOf(a).some((scope) => others.includes(scope));
}

function scopesOf({ exportTo, object }: VirtualService): string[] {
  return exportTo
    .filter((namespace) => namespace !== "~")
    .map((namespace) => (namespace === object.namespace ? `own ${namespace}` : namespace));
}

function finding(host: string, owners: readonly Owner[]): Finding {
  const [first, second, ...more] = owners;
  if (first === undefined || second === undefined) throw new Error("a host with one owner is fine");
  const spread = new Set(owners.map(({ service }) => service.object.namespace)).size > 1;
  const names = owners.map(({ service: { object } }) =>
    spread ? `${object.namespace}/${object.name}` : object.name,
  );
  const rest = owners.length - 1;
  return {
    at: second.at,
    message:
      `${owners.length} VirtualServices own host ${shortHost(host)} for the sidecars ` +
      `(${names.join(", ")}): 1 takes effect, ${rest} ${rest === 1 ? "does" : "do"} not. ` +
      "Istio keeps the oldest in the cluster, whatever the order of the files.",
    advice: adviceFor(owners.map((owner) => owner.service)),
    fix: merged(
      first.service,
      [second, ...more].map((owner) => owner.service),
    ),
    related: [first, ...more].map(({ service, at }) => ({
      at,
      message: `${objectName(service.object)} owns it too`,
    })),
  };
}

/** Only one route without a match can be last; what the patch leaves out is said. */
function adviceFor(services: readonly VirtualService[]): string {
  const catching = services
    .filter(({ routes }) => routes.some((route) => route.matches.length === 0))
    .map(({ object }) => object.name);
  const [kept, ...dropped] = catching;
  if (kept === undefined) return "Put their routes into one.";
  const without = dropped.length === 0 ? "" : `; those of ${dropped.join(", ")} are for you to add`;
  return `Put their routes into one: those with a match first, then the one of ${kept} without${without}.`;
}

/** All routes in the first VirtualService, the other objects gone. */
function merged(first: VirtualService, others: readonly VirtualService[]): TextEdit[] | undefined {
  const alone = others.every(
    ({ hosts, gateways, view }) =>
      hosts.length === 1 &&
      gateways.length === first.gateways.length &&
      !view.at("spec", "tcp").exists &&
      !view.at("spec", "tls").exists,
  );
  const list = first.view.at("spec", "http");
  if (!alone || first.routes.length === 0) return undefined;
  const seen = new Set(first.routes.map((route) => matchKey(route.view)));
  const routes = others
    .flatMap((other) => other.routes)
    .filter(({ view }) => !seen.has(matchKey(view)) && seen.add(matchKey(view)));
  const matched = routes.filter((route) => route.matches.length > 0);
  const rest = routes.filter((route) => route.matches.length === 0).slice(0, 1);
  const catchAll = first.routes.findIndex((route) => route.matches.length === 0);
  const added = [...matched, ...rest].map(({ view }) =>
    catchAll < 0 ? addItem(list, view.value) : insertItem(list, catchAll, view.value),
  );
  return fixOf(...added, ...others.map((other) => removeObject(other.object)));
}

function matchKey(route: View): string {
  return JSON.stringify(route.at("match").value ?? []);
}
