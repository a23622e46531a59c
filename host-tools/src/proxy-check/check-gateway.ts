// What a gateway's proxy has of a rendered Gateway: the port is open, with the certificate, the TLS and the
// hosts of the policy. Istio names the routes of a server `https.PORT.NAME.GATEWAY.NAMESPACE`; those of plain
// HTTP `http.PORT`, after the port of the pod, which need not be the server's.

import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer, PROXY_GROUP } from "./answer";
import { at, type Json, listAt } from "./json-value";
import { hasLabels } from "./labels";
import { valuesOf } from "./listeners";
import type { ProxyState } from "./proxy-state";

const NO_CERTIFICATE =
  "the certificate has not come: is the secret in the namespace of the gateway's pods?";
const VERSIONS: Readonly<Record<string, string>> = {
  TLSV1_2: "TLSv1_2",
  TLSV1_3: "TLSv1_3",
};

export function checkGateway(gateway: KubeObject, state: ProxyState): Answer[] {
  const { name } = gateway.metadata;
  const selector = (gateway.spec["selector"] ?? {}) as Record<string, string>;
  if (!hasLabels(state.labels, selector)) {
    const labels = Object.entries(selector).map((one) => one.join("="));
    const said = `in pods with ${labels.join(", ")}`;
    return [answer(PROXY_GROUP, `gateway.${name}`, "absent", said, "not such a pod")];
  }
  return listAt(gateway.spec, "servers").flatMap((server) =>
    at(server, "port", "protocol") === "HTTPS"
      ? secureAnswers(server, gateway, state)
      : plainAnswers(server, gateway, state),
  );
}

function secureAnswers(server: Json, gateway: KubeObject, state: ProxyState): Answer[] {
  const { name, namespace } = gateway.metadata;
  const number = String(at(server, "port", "number"));
  const routes = `https.${number}.${String(at(server, "port", "name"))}.${name}.${namespace ?? ""}`;
  const found = state.listeners.flatMap((listener) =>
    listener.chains
      .filter((chain) => valuesOf(chain, "route_config_name").includes(routes))
      .map((chain) => ({ listener, chain })),
  )[0];
  const item = (word: string): string => `gateway.${name}.${word}`;
  if (found === undefined) {
    return [answer(PROXY_GROUP, item("port"), "no", number, "no listener")];
  }
  const { listener, chain } = found;
  const context = at(chain, "transport_socket", "typed_config", "common_tls_context");
  const asked = String(
    listAt(context, "tls_certificate_sds_secret_configs")[0]?.["name"] ?? "none",
  );
  const secret = asked.replace(/^kubernetes:\/\//, "");
  const version = at(context, "tls_params", "tls_minimum_protocol_version");
  const least = VERSIONS[String(at(server, "tls", "minProtocolVersion"))] ?? "TLSv1_2";
  // After a while of waiting Envoy opens the port without it, and ends every handshake.
  const isOpen = !listener.isWarming && !state.missingSecrets.has(asked);
  return [
    answer(
      PROXY_GROUP,
      item("port"),
      isOpen ? "yes" : "no",
      number,
      isOpen ? `open, port ${listener.port} of the pod` : NO_CERTIFICATE,
    ),
    pair(item("tls_secret"), String(at(server, "tls", "credentialName")), secret),
    pair(item("tls_version_min"), least, String(version ?? "TLSv1_2")),
    hostsAnswer(item("hosts"), server, routes, state),
  ];
}

function plainAnswers(server: Json, gateway: KubeObject, state: ProxyState): Answer[] {
  const { name } = gateway.metadata;
  const redirects = at(server, "tls", "httpsRedirect") === true;
  if (!redirects) return [hostsAnswer(`gateway.${name}.hosts`, server, "http.", state)];
  const hosts = hostsOf(server);
  const own = state.virtualHosts.filter(
    ({ table, domains }) => table.startsWith("http.") && hosts.some((one) => takes(domains, one)),
  );
  const all = own.length > 0 && own.every(({ config }) => config["require_tls"] === "ALL");
  const found = own.length === 0 ? "no routes for these hosts" : all ? "to https" : "served plain";
  return [
    answer(PROXY_GROUP, `gateway.${name}.redirect_http`, all ? "yes" : "no", "to https", found),
  ];
}

function hostsAnswer(item: string, server: Json, routes: string, state: ProxyState): Answer {
  const hosts = hostsOf(server);
  const tables = state.virtualHosts.filter(({ table }) => table.startsWith(routes));
  const missing = hosts.filter((host) => !tables.some(({ domains }) => takes(domains, host)));
  const found = missing.length === 0 ? hosts.join(", ") : `no routes for ${missing.join(", ")}`;
  return answer(PROXY_GROUP, item, missing.length === 0 ? "yes" : "no", hosts.join(", "), found);
}

/** A server's host may have a namespace before it. */
function hostsOf(server: Json): string[] {
  const hosts = (server["hosts"] ?? []) as readonly string[];
  return hosts.map((host) => host.slice(host.indexOf("/") + 1));
}

function takes(domains: readonly string[], host: string): boolean {
  return domains.some((domain) => domain === host || domain.startsWith(`${host}:`));
}

function pair(item: string, said: string, found: string): Answer {
  return answer(PROXY_GROUP, item, said === found ? "yes" : "no", said, found);
}
