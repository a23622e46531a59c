// Two TLS servers for one host on one port of the same gateway pods. Their filter chains would match the
// same SNI, so istiod skips the whole of the later server (mergeGateways in pilot/pkg/model/gateway.go).
// Plain HTTP is merged by routes, and is no conflict.

import { removeObject, removeValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { Mesh } from "../mesh/mesh";
import { selects } from "../mesh/workloads";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

interface TlsServer {
  readonly view: View;
  readonly selector: Readonly<Record<string, string>>;
  readonly port: string;
  readonly bind: string;
  readonly hosts: readonly { readonly view: View; readonly host: string }[];
}

export const gatewayHostTwice: Rule = {
  id: "gateway-host-twice",
  severity: "error",
  summary: "Two TLS servers of one gateway own a host on one port: one of them is skipped.",
  *check(mesh: Mesh): Iterable<Finding> {
    const servers = mesh.ofIstio("Gateway").flatMap((object) => serversOf(viewOf(object)));
    for (const [i, server] of servers.entries()) {
      for (const earlier of servers.slice(0, i)) {
        const found = meet(earlier, server) ? judge(earlier, server) : undefined;
        if (found === undefined) continue;
        yield found;
        break;
      }
    }
  },
};

function serversOf(gateway: View): TlsServer[] {
  const { namespace } = gateway.object;
  const selector = gateway.at("spec", "selector").labels();
  return gateway
    .at("spec", "servers")
    .items()
    .filter((view) => view.at("tls").exists)
    .filter((view) => ["HTTPS", "TLS"].includes(view.at("port", "protocol").text() ?? ""))
    .map((view) => ({
      view,
      selector,
      port: view.at("port", "number").text() ?? "",
      bind: view.at("bind").text() ?? "",
      hosts: view
        .at("hosts")
        .items()
        .map((host) => ({ view: host, host: inNamespace(host.text() ?? "", namespace) })),
    }));
}

/** `./HOST` is of the gateway's own namespace. */
function inNamespace(host: string, namespace: string): string {
  return host.startsWith("./") ? `${namespace}/${host.slice(2)}` : host;
}

/** True when the same pods serve both on one address. */
function meet(a: TlsServer, b: TlsServer): boolean {
  if (a.port !== b.port || a.bind !== b.bind || a.port === "") return false;
  if (!selects(a.selector, b.selector) && !selects(b.selector, a.selector)) return false;
  const [one, other] = [a.view.object, b.view.object];
  // Two texts of one object are alternatives; two servers of one text are not.
  return one === other || one.name !== other.name || one.namespace !== other.namespace;
}

function judge(earlier: TlsServer, server: TlsServer): Finding | undefined {
  const twice = server.hosts.find(({ host }) => earlier.hosts.some((one) => one.host === host));
  const other = earlier.hosts.find(({ host }) => host === twice?.host);
  if (twice === undefined || other === undefined) return undefined;
  const count = server.hosts.length;
  const names = [earlier.view.object, server.view.object].map(({ name }) => name);
  return {
    at: twice.view,
    message:
      `${twice.host} has 2 TLS servers on port ${server.port} of the same gateway (${names.join(", ")}): istiod takes ` +
      `the older object's and skips the other, with ${count === 1 ? "its only host" : `all of its ${count} hosts`}.`,
    advice: "Let one server own the host; routes of several VirtualServices may share it.",
    fix: fixOf(count > 1 ? removeValue(twice.view) : withoutServer(server.view)),
    related: [{ at: other.view, message: `also of ${objectName(earlier.view.object)}` }],
  };
}

/** A Gateway without servers is none. */
function withoutServer(view: View): TextEdit | undefined {
  const all = viewOf(view.object).at("spec", "servers").items();
  return all.length > 1 ? removeValue(view) : removeObject(view.object);
}
